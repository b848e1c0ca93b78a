"""What the model itself writes when the user has no texts or questions: passages, neighbours, retain texts, questions.

Every writer is a generator of events that returns what it wrote; the same seed writes the same things.
"""
