"""Object stores (s3, gs, az): their addresses, their objects."""
