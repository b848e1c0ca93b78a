"""Questions put to the model after every round, and the scores of its answers."""
