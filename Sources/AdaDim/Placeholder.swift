// Filled in the first commits.
