"""Models on their way out and in: model cards, exported folders, MLflow."""
