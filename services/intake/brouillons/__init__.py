"""What was typed so far, right or wrong; what is wrong with it, in French; and the Soumission it becomes."""
