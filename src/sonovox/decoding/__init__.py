"""Search over scores: from what a model says at each step to tokens."""
