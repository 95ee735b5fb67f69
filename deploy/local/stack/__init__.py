"""A whole hailong on this machine: embedded servers and the processes between them, in one directory."""
