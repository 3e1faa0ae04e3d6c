"""What Keras offers, known without Keras: signatures, kinds of arguments, shape rules and what was proved."""
