"""All workers of a process."""

from functools import partial

from milepost.service.backtests.run import run_next
from milepost.service.chain.audit import Audit
from milepost.service.chain.root import make_root_when_due
from milepost.service.delivery.delivery_log import prune_all
from milepost.service.delivery.relay import relay_once
from milepost.service.delivery.sending.sender import Sender
from milepost.service.queues.queues import ReadEvent
from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.scheduled.jobs import work_once
from milepost.worker.audit import AuditWorker
from milepost.worker.backtests import BacktestWorker
from milepost.worker.boundaries import BoundaryWorker
from milepost.worker.delivery import PruningWorker, RelayWorker, SendingWorker
from milepost.worker.jobs import JobWorker
from milepost.worker.loop import WorkerLoop
from milepost.worker.queues import QueueWorker

Workers = tuple[WorkerLoop, ...]


def workers_of(runtime: Runtime, read_event: ReadEvent) -> Workers:
    """Return the workers of a runtime: period boundaries, jobs, deliveries, and queues.

    *read_event* reads a message of a queue as an event.
    """

    def events_waiting() -> int:
        return runtime.lanes.events_waiting

    audit = Audit(runtime)
    runtime.health.add("recomputation", lambda: audit.problem)
    workers = (
        BoundaryWorker(BoundaryNotifier(runtime), events_waiting),
        JobWorker(lambda: work_once(runtime), events_waiting),
        BacktestWorker(lambda pause: run_next(runtime, processes=1, pause=pause), events_waiting),
        RelayWorker(lambda: relay_once(runtime), events_waiting),
        SendingWorker(Sender(runtime), events_waiting),
        PruningWorker(lambda: prune_all(runtime), events_waiting),
        QueueWorker(runtime, read_event, events_waiting),
        AuditWorker(audit, lambda pause: make_root_when_due(runtime, pause), events_waiting),
    )
    for worker in workers:
        runtime.health.add(worker.name, partial(getattr, worker, "failure"))
    return workers
