"""Child processes: started in order, watched, restarted when they crash, stopped in order, never left behind."""

from deploy.supervisor.child import ChildFailed, ChildSpec
from deploy.supervisor.memory import peak_rss_mib
from deploy.supervisor.signals import StopRequest
from deploy.supervisor.supervisor import RestartPolicy, Supervisor

__all__ = ["ChildFailed", "ChildSpec", "RestartPolicy", "StopRequest", "Supervisor", "peak_rss_mib"]
