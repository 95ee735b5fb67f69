"""The programs that hailong is compared with, and their common input."""
