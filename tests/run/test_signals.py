from __future__ import annotations

import contextlib
import signal
import threading

import pytest

from mmexp.error import Stopped
from mmexp.run.signals import SIGNALS, SignalReceived, raise_received, signals_deferred, stoppable, stopped


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_block_past_whoever_catches_exceptions(number, code):
    before = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(Stopped, match="Training: stopped at once") as caught, stoppable():
        try:
            signal.raise_signal(number)
        except Exception:
            pytest.fail("caught on the way")
        pytest.fail("not stopped")
    assert caught.value.exit_code == code
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_a_signal_that_is_swallowed_is_raised_again():
    with pytest.raises(Stopped, match="Training: stopped at once"), stoppable():
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        raise_received()
        pytest.fail("not raised again")
    with pytest.raises(Stopped), stoppable(), contextlib.suppress(BaseException):
        signal.raise_signal(signal.SIGINT)
    raise_received()


def test_blocks_stand_in_one_another():
    with stoppable():
        with pytest.raises(Stopped), stoppable():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.default_int_handler)


def test_a_signal_waits_for_what_must_not_be_disturbed():
    done, over = [], threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    with pytest.raises(Stopped), stoppable():
        with signals_deferred():
            signal.raise_signal(signal.SIGTERM)
            done.append(1)
        done.append(2)
    over.set()
    thread.join()
    assert done == [1]


def test_other_faults_pass_as_they_are():
    with pytest.raises(KeyError), stoppable():
        raise KeyError("x")


def test_the_exit_code_is_what_shells_give_and_the_reason_names_the_signal():
    assert [stopped(number, "now").exit_code for number in SIGNALS] == [143, 130]
    assert str(SignalReceived(signal.SIGTERM)) == "got SIGTERM"
