"""Outcome of an error: predicted before it happens, and found in the recorded steps afterwards.

prediction      What an error in a frame would do if it happened now: read from a dry run of the handler.
assessment      The class of outcome of every frame: a prediction for one frame of each class.
signature       What decides the outcome of a frame. Frames with equal signatures form a class.
class           A kind of outcome, numbered by severity (classes.py); its number is the code in the map's lens.
impact          How a process is hit: dead, signalled, dies on touch, ... (base/impacts.py; of a touch: touch.py).
actual impact   The impact of an error that was handled: at its end (loss.py), and by now (impact_now.py).
loss            Content that is gone, and the actual impact at the end of the operation.
summary         The sentence about a finished operation (verdict.py).
preview         A prediction in words, for the label beside the pointer.
place           A VMA and virtual page at which a process could have a page, whether or not an entry maps it.
holder          A process that has the page, by an entry or by a swap entry.
"""
