"""The state gateway ШЭП: what sixteen state databases and two reserve ones are asked, and what they answer."""
