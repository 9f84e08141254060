"""IP addresses and ranges in conditions."""

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from iam.policy.findings.reading import ConditionEntry, Document, Value
from iam.policy.findings.report import Replace, Report

Network = IPv4Network | IPv6Network

# Not `is_private`: that also has the ranges that AWS's own examples use for public addresses.
_PRIVATE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
            "::1/128",
        ),
    )
)
_MIXED = "Some of these ranges are private, but aws:SourceIp is public. Use aws:VpcSourceIp for private ranges."


def check_addresses(document: Document, report: Report) -> None:
    """Judge the values of IpAddress and NotIpAddress."""
    for statement in document.statements:
        for entry in statement.conditions:
            if entry.base in ("IpAddress", "NotIpAddress"):
                networks = [
                    network
                    for value in entry.values()
                    if "${" not in value.text and (network := _network(value, report)) is not None
                ]
                if entry.lower_name == "aws:sourceip" and networks and len(networks) == len(entry.texts):
                    _check_private(entry, networks, report)


def _network(value: Value, report: Report) -> Network | None:
    try:
        interface = ip_interface(_plain(value.text))
    except ValueError:
        message = f"{value.text!r} is no IP address or range. Write it as 203.0.113.0/24 or 2001:db8::/32."
        report.add("TYPE_MISMATCH_IP_RANGE", message, value.path)
        return None
    network = interface.network
    if interface.ip != network.network_address:
        message = f"The bits behind the mask are ignored. Write {network}."
        report.add("IMPROVE_IP_RANGE", message, value.path, mend=Replace(value.path, str(network)))
    return network


def _plain(text: str) -> str:
    """Refuse what Python reads but a policy cannot say: masks in dotted form, and scopes of IPv6 addresses."""
    _, slash, length = text.partition("/")
    if "%" in text or (slash and not length.isdecimal()):
        raise ValueError(text)
    return text


def _check_private(entry: ConditionEntry, networks: list[Network], report: Report) -> None:
    private = sum(map(_is_private, networks))
    if not private:
        return
    is_negated = entry.base == "NotIpAddress"
    if private < len(networks):
        code = "PRIVATE_NOT_IP_ADDRESS_SUBSET" if is_negated else "PRIVATE_IP_ADDRESS_SUBSET"
        report.add(code, _MIXED, entry.path)
    elif is_negated:
        message = "aws:SourceIp is always a public address, so it is never in these private ranges: this always holds."
        report.add("PRIVATE_NOT_IP_ADDRESS", message, entry.path)
    else:
        message = "aws:SourceIp is always a public address, so it is never in these private ranges: this never holds."
        report.add("PRIVATE_IP_ADDRESS", message, entry.path)


def _is_private(network: Network) -> bool:
    return any(network.version == own.version and network.subnet_of(own) for own in _PRIVATE)  # type: ignore[arg-type]
