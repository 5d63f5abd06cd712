"""Signatures, against vectors that others computed."""

import base64
import hashlib
import hmac

from app.crypto import new_webhook_secret
from app.webhooks.signing import central, in_turn, signature_headers, standard

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_vector_of_standard_webhooks() -> None:
    """From the specification's reference libraries."""
    found = standard(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_central_document_signs_with_the_secret_as_it_is_written() -> None:
    expected = hmac.new(SECRET.encode(), b"1708444800." + BODY, hashlib.sha256).hexdigest()
    assert central(SECRET, 1708444800, BODY) == expected


def test_one_secret_one_signature() -> None:
    headers = signature_headers([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers == {
        "X-Webhook-Timestamp": "1614265330",
        "X-Webhook-Signature": f"sha256={central(SECRET, 1614265330, BODY)}",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_during_a_rotation_both_secrets_sign() -> None:
    new, old = new_webhook_secret(), SECRET
    headers = signature_headers([new, old], "id", 1, BODY)
    assert headers["X-Webhook-Signature"] == f"sha256={central(new, 1, BODY)}"
    assert headers["X-Webhook-Signature-Other"] == f"sha256={central(old, 1, BODY)}"
    assert headers["webhook-signature"].split(" ") == [
        f"v1,{standard(new, 'id', 1, BODY)}",
        f"v1,{standard(old, 'id', 1, BODY)}",
    ]


def test_each_secret_is_shown_in_turn() -> None:
    assert [in_turn(["new", "old"], tries)[0] for tries in (1, 2, 3)] == ["new", "old", "new"]
    assert in_turn(["new"], 2) == ["new"]


def test_a_secret_that_is_no_base64_still_signs() -> None:
    assert len(base64.b64decode(standard("whsec_xxxxx", "id", 1, BODY))) == 32
