"""Child processes: started in order, watched, restarted when they crash, stopped in order, never left behind."""

from deploy.local.supervisor.child import ChildFailed, ChildSpec
from deploy.local.supervisor.memory import peak_rss_mib
from deploy.local.supervisor.supervisor import RestartPolicy, Supervisor

__all__ = ["ChildFailed", "ChildSpec", "RestartPolicy", "Supervisor", "peak_rss_mib"]
