"""What is learned from production: sampled predictions and true labels on their way to the store, and what they say."""
