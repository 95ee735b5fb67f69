"""A whole hailong on this machine: embedded servers and the processes between them, in one directory."""

from deploy.local.stack.layout import Layout
from deploy.local.stack.stack import Stack

__all__ = ["Layout", "Stack"]
