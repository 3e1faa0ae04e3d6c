"""onehot"""
