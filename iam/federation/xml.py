"""Foreign XML: bounded, without document types, entities or anything from the network."""

from lxml import etree

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
NAMESPACES = {"saml": ASSERTION, "md": METADATA, "samlp": PROTOCOL, "ds": SIGNATURE, "xenc": ENCRYPTION}


class NotXml(ValueError):
    """What was given is no XML that is read here."""


def parse(content: bytes) -> etree._Element:
    """Parse a document. Raises NotXml; its size is for the caller to bound, its depth is at most 256.

    Comments and processing instructions are dropped, so that none splits a text into a part that is read and a part
    that is signed.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from None
    if root.getroottree().docinfo.doctype:
        raise NotXml("A document type is not allowed.")
    return root


def text_of(element: etree._Element | None) -> str:
    """Return the text of an element without the blanks around it."""
    return (element.text or "").strip() if element is not None else ""


def find(element: etree._Element, path: str) -> etree._Element | None:
    """Return the first match of a path with the prefixes of `NAMESPACES`."""
    return element.find(path, NAMESPACES)


def find_all(element: etree._Element, path: str) -> list[etree._Element]:
    """Return all matches of a path with the prefixes of `NAMESPACES`."""
    return element.findall(path, NAMESPACES)
