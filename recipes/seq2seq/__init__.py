"""Networks that read or write sequences of another length: encoders and decoders."""
