"""A told story: its captions, stops, pace and speaking time, and what the stage shows at a timeline position."""
