"""What the commands mean: free of Discord, given their collaborators by the composition root."""
