"""Numbers to which a code may be sent, and the networks from which it is asked for."""

from __future__ import annotations

import ipaddress

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from app.errors import Fault, InvalidPayload
from app.signin.rules import Rules

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
NO_MOBILE = "Must be a mobile number with its country, such as +9779841234567."
NOT_SERVED = "Codes are not sent to numbers of this country."


def mobile(raw: str, rules: Rules) -> str:
    """A mobile number of a country that is served, as E.164. Raises InvalidPayload."""
    text = raw.strip()
    try:
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, None)
    except NumberParseException as error:
        raise _fault(NO_MOBILE) from error
    is_mobile = phonenumbers.number_type(number) in MOBILE
    if not phonenumbers.is_valid_number(number) or not is_mobile:
        raise _fault(NO_MOBILE)
    if not rules.serves(phonenumbers.region_code_for_number(number)):
        raise _fault(NOT_SERVED)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def range_of(phone: str) -> str:
    """What the thousand numbers around this one begin with: who pumps texts counts upwards."""
    return phone[:-3]


def address_of(text: str) -> tuple[str, str]:
    """An address and its network: /24, of IPv6 the /56. Both empty for what is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:  # a proxy may hand on anything
        return "", ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    size = 24 if isinstance(address, ipaddress.IPv4Address) else 56
    return str(address), str(ipaddress.ip_network((address, size), strict=False))


def _fault(message: str) -> InvalidPayload:
    return InvalidPayload("Please check the phone number.", [Fault("phone", message)])
