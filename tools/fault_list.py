"""The faults of the design that are tested, with their sizes, tests and controls."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault, its size in the ordinary tests and at full size, its tests, and the tests that are its controls.

    With `controls_itself` its tests break what they hold at their end, and notice it. Without a `small` size it is
    tested at full size only.
    """

    number: str
    fault: str
    small: str
    full: str
    tests: tuple[str, ...]
    controls: tuple[str, ...] = ()
    controls_itself: bool = False


_WRITES = "tests/store/test_write_path.py::"
_CLAIMS = "tests/store/test_event_claims.py::"
_BOUNDARIES = "tests/store/test_boundaries.py::"
_WORKER = "tests/store/test_worker_process.py::"
_AWAY = "tests/store/test_database_away.py::"
_POWER = "tests/cli/test_power_loss.py::"
_DURABLE = "tests/store/test_durability.py::"
_INSTALLATION = "tests/simulation/test_installation_simulation.py::"
_SIMULATION = "tests/simulation/test_scheduler_simulation.py::"
_CONTROLS = "tests/store/test_write_path_controls.py::"
_CUT = "tests/store/test_unknown_commit.py::"

FAULTS = (
    Fault(
        "R01",
        "the server is killed while a client sends and repeats",
        "2 kills",
        "102 kills",
        ("tests/cli/test_killed_server.py",),
        controls_itself=True,
    ),
    Fault(
        "R02",
        "a backend is killed in a batch; the database dies and comes back",
        "1 batch; 1 restart",
        "1 batch; 1 restart",
        (
            f"{_WRITES}test_a_lost_connection_loses_and_doubles_nothing",
            f"{_WRITES}test_a_server_that_went_away_is_found_again",
            "tests/store/test_embedded_supervision.py::test_a_server_that_ends_is_started_again",
        ),
        (f"{_INSTALLATION}test_a_planted_mistake_is_found[confirmed before the commit]",),
    ),
    Fault(
        "R03",
        "the power of the machine is lost, and what its disk did not have",
        "",
        "30 losses; 2 databases that confirm too early",
        (f"{_POWER}test_a_loss_of_power_loses_no_confirmed_event",),
        (f"{_POWER}test_a_database_that_confirms_too_early_is_caught",),
    ),
    Fault(
        "R04",
        "a database that may lose commits",
        "3 settings",
        "3 settings",
        (f"{_DURABLE}test_a_server_that_may_lose_commits_is_refused",),
        (f"{_DURABLE}test_a_server_that_keeps_what_it_confirms_is_used",),
    ),
    Fault(
        "R05",
        "the disk of the database, or of its log of transactions, is full, and free again",
        "",
        "2 disks of 230 MB",
        ("tests/cli/test_full_disk.py",),
        controls_itself=True,
    ),
    Fault(
        "R06",
        "connections cut around their COMMIT",
        "20 cuts",
        "1,020 cuts",
        (f"{_CUT}test_a_cut_around_the_commit_loses_and_doubles_nothing",),
        (f"{_CUT}test_a_client_that_changes_the_id_counts_twice",),
    ),
    Fault(
        "R07",
        "a silent database; a locked row; a read-only database",
        "1 each",
        "1 each",
        (
            f"{_AWAY}test_a_silent_database_is_given_up",
            f"{_AWAY}test_a_locked_customer_keeps_no_other_waiting",
            f"{_AWAY}test_a_read_only_database_refuses_no_event",
        ),
    ),
    Fault(
        "R08",
        "one event from many senders, for other customers, with other content",
        "14 cases",
        "14 cases",
        (
            f"{_WRITES}test_many_senders_of_one_event_make_one",
            f"{_CLAIMS}test_an_event_of_another_customer_is_a_conflict",
            f"{_CLAIMS}test_one_of_two_claimants_at_once_wins",
            "tests/api/test_repeated_events.py",
        ),
        (f"{_CUT}test_a_client_that_changes_the_id_counts_twice",),
    ),
    Fault(
        "R11",
        "ten receivers write to one customer",
        "200 events",
        "200 events",
        (f"{_WRITES}test_two_servers_receive_events_of_one_customer_at_the_same_time",),
        (f"{_CONTROLS}test_unlocked_events_of_one_customer_are_lost",),
    ),
    Fault(
        "R12",
        "overlapping batches in any order",
        "16 writers",
        "16 writers",
        (
            f"{_WRITES}test_overlapping_batches_do_not_lock_each_other_out",
            f"{_CLAIMS}test_overlapping_claims_do_not_lock_each_other_out",
        ),
        (f"{_CONTROLS}test_unlocked_overlapping_batches_are_lost",),
    ),
    Fault(
        "R13",
        "concurrent bills that each reach the goal",
        "40 bills",
        "200 bills",
        ("tests/store/test_one_achievement.py::test_bills_at_once_achieve_once",),
        ("tests/store/test_one_achievement.py::test_as_many_customers_achieve_as_often",),
    ),
    Fault(
        "R14",
        "servers, schedulers and senders that are killed or paused",
        "2 of each",
        "2 of each",
        (
            f"{_BOUNDARIES}test_two_servers_share_the_work_and_notify_no_customer_twice",
            f"{_BOUNDARIES}test_a_server_that_was_paused_is_fenced",
            f"{_WORKER}test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice",
            f"{_WORKER}test_a_worker_that_stood_still_notifies_no_customer_again",
            "tests/api/test_sender_faults.py",
            "tests/e2e/test_delivery_processes.py",
        ),
        (f"{_SIMULATION}test_a_planted_bug_is_found[no fence]",),
    ),
    Fault(
        "R15",
        "a transaction commits late, with a lower number",
        "1 transaction",
        "1 transaction",
        ("tests/api/test_feed.py::test_a_transaction_that_commits_late_is_not_skipped",),
    ),
    Fault(
        "R16",
        "receivers that fail, stall, redirect, are gone or answer at length",
        "1 of each",
        "1 of each",
        ("tests/api/test_bad_receivers.py", "tests/api/test_delivery_law.py"),
    ),
    Fault(
        "R17",
        "seeded simulation: failures, kills, pauses, wrong clocks, a network that loses and doubles",
        "scheduler in memory: 100 seeds, 9 planted bugs; installation on PostgreSQL: 6 seeds, 6 planted bugs",
        "scheduler in memory: 10,000 seeds, 9 planted bugs; installation on PostgreSQL: 256 seeds, 6 planted bugs",
        (
            f"{_INSTALLATION}test_everything_is_there_once_whatever_fails",
            f"{_INSTALLATION}test_a_seed_is_one_run",
            f"{_SIMULATION}test_each_period_turns_once_whatever_fails",
            f"{_SIMULATION}test_each_period_turns_once_with_many_seeds",
            f"{_SIMULATION}test_a_seed_is_one_run",
        ),
        (f"{_SIMULATION}test_a_planted_bug_is_found", f"{_INSTALLATION}test_a_planted_mistake_is_found"),
    ),
    Fault(
        "R18",
        "a standing that was changed, looked for while serving",
        "30 customers",
        "30 customers",
        ("tests/store/test_audit.py::test_what_is_sound_is_found_sound",),
        ("tests/store/test_audit.py::test_a_changed_standing_is_found_in_one_go",),
    ),
    Fault(
        "R23",
        "clocks that jump, and events dated ahead",
        "1 of each",
        "1 of each",
        (f"{_BOUNDARIES}test_a_clock_that_jumps_closes_what_it_jumped_over", "tests/api/test_dated_ahead.py"),
    ),
    Fault(
        "R25",
        "servers replaced under load; migrations that are killed",
        "1 replacement; 2 kills",
        "1 replacement; 22 kills",
        ("tests/cli/test_upgrade.py",),
    ),
    Fault(
        "R26",
        "backup, restore, and erasures after it",
        "2 customers",
        "2 customers",
        ("tests/cli/test_backup.py", "tests/cli/test_erasures.py"),
        ("tests/cli/test_erasures.py::test_without_the_list_the_customer_is_back",),
    ),
    Fault(
        "R27",
        "a backfill that is killed again and again, beside live events",
        "2 kills in 8,300 events",
        "2 kills in 8,300 events, 30 in 120,300",
        (
            "tests/cli/test_backfill_faults.py::test_kills_and_live_events_lose_and_double_nothing",
            "tests/cli/test_backfill.py::test_nobody_is_notified_unless_it_is_asked_for",
        ),
        ("tests/cli/test_backfill_faults.py::test_a_mark_that_is_ahead_loses_customers",),
    ),
    Fault(
        "R28",
        "events that are no events, among others",
        "each kind",
        "each kind",
        ("tests/api/test_bad_events.py", f"{_WRITES}test_an_event_that_cannot_be_kept_spoils_no_other"),
    ),
    Fault(
        "R29",
        "more events than fit",
        "1 full lane",
        "1 full lane",
        (f"{_WRITES}test_a_full_lane_turns_a_request_away_as_a_whole", "tests/api/test_hard_times.py"),
    ),
    Fault(
        "R30",
        "calls of the system fail under the server, memory among them",
        "",
        "30 runs, 5 of 16 calls in each",
        ("tests/cli/test_failing_calls.py",),
        controls_itself=True,
    ),
)
