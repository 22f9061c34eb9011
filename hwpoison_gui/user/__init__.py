"""The user's folders: what is kept in the cache and can be made again, and the state that must survive a crash."""
