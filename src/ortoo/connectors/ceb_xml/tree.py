"""XML from strangers, read safely, and written in Canonical XML 1.0. Pure.

Read with expat and none of what makes XML dangerous: a document type declaration is refused, and
with it every entity, external or growing; size, depth and number of elements have limits. Nothing
is ever fetched. The tree keeps prefixes and namespace declarations, which canonical form needs and
`xml.etree` throws away (its own `canonicalize` is C14N 2.0, which renders namespaces otherwise).

Source: XML Signature's required algorithm http://www.w3.org/TR/2001/REC-xml-c14n-20010315, without
comments, for a whole document or for one element of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_BYTES = 5_000_000
MAX_DEPTH = 24
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 32
XML = "http://www.w3.org/XML/1998/namespace"


class XmlRefused(Exception):
    """The bytes are not XML that is read here.

    Codes: XML-SIZE, XML-ENCODING, XML-DTD, XML-DEPTH, XML-ELEMENTS, XML-ATTRIBUTES, XML-NAMESPACE,
    XML-SHAPE.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Instruction:
    """A processing instruction."""

    target: str
    data: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that is no namespace declaration; `uri` is "" without a prefix."""

    prefix: str
    local: str
    uri: str
    value: str

    @property
    def name(self) -> str:
        return f"{self.prefix}:{self.local}" if self.prefix else self.local


@dataclass(slots=True, eq=False)
class Element:
    """`declared`: prefix → namespace said on this element; `scope`: all that hold here."""

    prefix: str
    local: str
    uri: str
    attributes: tuple[Attribute, ...]
    declared: Mapping[str, str]
    scope: Mapping[str, str]
    parent: Element | None
    children: list[Element | str | Instruction] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.prefix}:{self.local}" if self.prefix else self.local

    @property
    def text(self) -> str:
        """Its own character data, without that of elements inside."""
        return "".join(child for child in self.children if isinstance(child, str))

    def elements(self) -> Iterator[Element]:
        """The elements directly inside."""
        return (child for child in self.children if isinstance(child, Element))

    def descendants(self) -> Iterator[Element]:
        """Itself and every element inside, in document order."""
        yield self
        for child in self.elements():
            yield from child.descendants()

    def get(self, local: str) -> str | None:
        """The value of an attribute without prefix."""
        return next((a.value for a in self.attributes if a.name == local), None)


def read(content: bytes) -> Element:
    """The document's root element. XmlRefused."""
    if len(content) > MAX_BYTES:
        raise XmlRefused("XML-SIZE", f"文件 {len(content):,} 字节，超过上限 {MAX_BYTES:,} 字节。")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = reader.refuse_dtd
    parser.EntityDeclHandler = reader.refuse_dtd
    parser.ExternalEntityRefHandler = reader.refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.ProcessingInstructionHandler = reader.instruction
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise XmlRefused(
            "XML-SHAPE", f"第 {error.lineno} 行第 {error.offset + 1} 列不是有效的 XML。"
        ) from error
    except (ValueError, LookupError) as error:  # a declared encoding that expat cannot read
        raise XmlRefused("XML-ENCODING", "文件声明的字符编码不能读取，应为 UTF-8。") from error
    assert reader.root is not None
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: Element | None = None
        self._depth = self._count = 0

    def refuse_dtd(self, *said: object) -> int:
        raise XmlRefused("XML-DTD", "文件含有文档类型声明（DTD）或实体，不予接收。")

    def start(self, name: str, flat: list[str]) -> None:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > MAX_DEPTH:
            raise XmlRefused("XML-DEPTH", f"元素嵌套超过 {MAX_DEPTH} 层。")
        if self._count > MAX_ELEMENTS:
            raise XmlRefused("XML-ELEMENTS", f"元素超过 {MAX_ELEMENTS:,} 个。")
        if len(flat) > 2 * MAX_ATTRIBUTES:
            raise XmlRefused("XML-ATTRIBUTES", f"一个元素的属性超过 {MAX_ATTRIBUTES} 个。")
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        declared = {n.partition(":")[2]: uri for n, uri in pairs if n.partition(":")[0] == "xmlns"}
        outer: Mapping[str, str] = self._open.scope if self._open else {"xml": XML}
        scope = {**outer, **declared} if declared else outer
        attributes = tuple(
            Attribute(*_resolved(n, scope, attribute=True), value)
            for n, value in pairs
            if n.partition(":")[0] != "xmlns"
        )
        if len({(each.uri, each.local) for each in attributes}) != len(attributes):
            raise XmlRefused("XML-NAMESPACE", f"元素「{name[:40]}」有同名属性。")
        element = Element(*_resolved(name, scope), attributes, declared, scope, self._open)
        if self._open is None:
            self.root = element
        else:
            self._open.children.append(element)
        self._open = element

    def end(self, name: str) -> None:
        assert self._open is not None
        self._open, self._depth = self._open.parent, self._depth - 1

    def characters(self, data: str) -> None:
        if self._open is not None:
            self._open.children.append(data)

    def instruction(self, target: str, data: str) -> None:
        # Outside the root they belong to the canonical form too; no message here has any.
        if self._open is None:
            raise XmlRefused("XML-SHAPE", "根元素之外有处理指令。")
        self._open.children.append(Instruction(target, data))


def _resolved(
    name: str, scope: Mapping[str, str], *, attribute: bool = False
) -> tuple[str, str, str]:
    """(prefix, local name, namespace). An attribute without prefix is in no namespace."""
    prefix, colon, local = name.rpartition(":")
    if attribute and not colon:
        return "", local, ""
    uri = scope.get(prefix, "")
    if (colon and not uri) or not local or ":" in prefix:
        raise XmlRefused("XML-NAMESPACE", f"「{name[:40]}」的前缀没有声明命名空间。")
    return prefix, local, uri


def canonical(element: Element, without: Element | None = None) -> bytes:
    """Canonical XML 1.0 of the element and all inside it, `without` one element inside.

    For an element that is not the root, namespaces in scope and xml: attributes of its ancestors
    are written on it, as inclusive canonicalisation of a subtree demands.
    """
    out: list[str] = []
    _write(element, {}, without, out, _inherited(element))
    return "".join(out).encode("utf-8")


def _inherited(element: Element) -> tuple[Attribute, ...]:
    found = {each.local: each for each in element.attributes if each.uri == XML}
    above, inherited = element.parent, []
    while above is not None:
        for each in above.attributes:
            if each.uri == XML and each.local not in found:
                found[each.local] = each
                inherited.append(each)
        above = above.parent
    return tuple(inherited)


def _write(
    element: Element,
    written: Mapping[str, str],
    without: Element | None,
    out: list[str],
    more: tuple[Attribute, ...] = (),
) -> None:
    fresh = {
        prefix: uri
        for prefix, uri in element.scope.items()
        if prefix != "xml" and written.get(prefix, "" if not prefix else None) != uri
    }
    out.append(f"<{element.name}")
    for prefix in sorted(fresh):
        out.append(f' xmlns{":" + prefix if prefix else ""}="{_quoted(fresh[prefix])}"')
    for each in sorted((*element.attributes, *more), key=lambda a: (a.uri, a.local)):
        out.append(f' {each.name}="{_quoted(each.value)}"')
    out.append(">")
    inner = {**written, **fresh} if fresh else written
    for child in element.children:
        if isinstance(child, str):
            out.append(_escaped(child))
        elif isinstance(child, Instruction):
            out.append(f"<?{child.target}{' ' + child.data if child.data else ''}?>")
        elif child is not without:
            _write(child, inner, without, out)
    out.append(f"</{element.name}>")


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#xD;")


def _quoted(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return text.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
