"""A whole hailong on this machine: embedded servers and the processes between them, in one directory."""

from deploy.stack.layout import Layout
from deploy.stack.stack import Stack

__all__ = ["Layout", "Stack"]
