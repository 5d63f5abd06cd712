"""After STOP: whoever agrees anew may be written to again; and what a booking's history says."""

from __future__ import annotations

from app.bookings.timeline import lines
from app.customers.opting import set_sms_opt_in
from app.events.models import SYSTEM
from app.messaging import health
from demo.standins.twilio import Twilio
from tests.messaging.post import Post, a_booking, a_guest, a_writer


def test_agreeing_anew_takes_a_stop_back(wired: Post, phones: Twilio) -> None:
    guest = a_guest()
    phones.stopped.add(str(guest.phone))
    booking = a_booking(a_writer(sms="twilio", email="off"), guest)
    wired.tell(booking)
    wired.run()
    wired.session.refresh(guest)
    assert health.may_sms(guest) == (False, "The guest has not agreed to SMS.")
    assert len(wired.events("customer.opt_in_changed")) == 1
    set_sms_opt_in(wired.session, SYSTEM, guest.id, True)
    assert health.may_sms(guest)[0]


def test_the_history_says_what_did_not_arrive(wired: Post, phones: Twilio) -> None:
    phones.faults.add("refuse", code=21614)
    wired.tell(a_booking(a_writer(sms="twilio", email="off"), a_guest()))
    wired.run()
    (told,) = lines(wired.events("message.failed"), {}, "THB", {}, amounts=True)
    assert "could not deliver the confirmation by SMS" in str(told)
