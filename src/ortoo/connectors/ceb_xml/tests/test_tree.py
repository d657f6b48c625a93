"""Reading a stranger's XML: nothing dangerous gets in; canonical form is the standard's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.connectors.ceb_xml import tree
from ortoo.connectors.ceb_xml.tree import XmlRefused, canonical, read

BOMB = """<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "XML-DTD"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "XML-DTD"),
        ('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>', "XML-DTD"),
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "http://a.example/"> %p;]><a/>', "XML-DTD"),
        ("<!DOCTYPE a><a/>", "XML-DTD"),
        ("<a>&undefined;</a>", "XML-SHAPE"),
        ("<a><b></a>", "XML-SHAPE"),
        ("<a/><b/>", "XML-SHAPE"),
        ("", "XML-SHAPE"),
        ("<?x y?><a/>", "XML-SHAPE"),
        ('<?xml version="1.0" encoding="GBK"?><a/>', "XML-ENCODING"),
        ('<?xml version="1.0" encoding="runes"?><a/>', "XML-ENCODING"),
        ("<c:a/>", "XML-NAMESPACE"),
        ('<a c:b="1"/>', "XML-NAMESPACE"),
        ('<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', "XML-NAMESPACE"),
        ("<a>" * 30 + "</a>" * 30, "XML-DEPTH"),
        ("<a>" + "<b/>" * 100_001 + "</a>", "XML-ELEMENTS"),
        ("<a " + " ".join(f'b{n}=""' for n in range(40)) + "/>", "XML-ATTRIBUTES"),
        ("<a>" + " " * 5_000_000 + "</a>", "XML-SIZE"),
    ],
)
def test_what_is_dangerous_or_broken_is_refused_by_its_code(text: str, code: str) -> None:
    with pytest.raises(XmlRefused) as refused:
        read(text.encode())
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # W3C Canonical XML 1.0, examples 3.2, 3.3 (in part) and 3.4 (without its DTD).
        ("<doc>\n <clean>   </clean>\n <d>A<c/>\r\nB</d>\n</doc>",
         "<doc>\n <clean>   </clean>\n <d>A<c></c>\nB</d>\n</doc>"),
        ('<doc><e3 name = "elem3"   id="elem3"   /></doc>',
         '<doc><e3 id="elem3" name="elem3"></e3></doc>'),
        ('<e5 a:attr="out" b:attr="sorted" attr2="all" attr="I\'m"\n xmlns:b="http://www.ietf.org"'
         ' xmlns:a="http://www.w3.org" xmlns="http://example.org"/>',
         '<e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org"'
         ' attr="I\'m" attr2="all" b:attr="sorted" a:attr="out"></e5>'),
        ('<a xmlns="u"><b xmlns=""><c xmlns=""/></b></a>',
         '<a xmlns="u"><b xmlns=""><c></c></b></a>'),
        ('<a xmlns:x="u"><x:b xmlns:x="u"/></a>', '<a xmlns:x="u"><x:b></x:b></a>'),
        ("<t>First line&#x0d;&#10;Second</t>", "<t>First line&#xD;\nSecond</t>"),
        ('<c a=\'v>"0"\'>"0"&amp;&amp;&lt;x&gt;</c>',
         '<c a="v>&quot;0&quot;">"0"&amp;&amp;&lt;x&gt;</c>'),
        ("<n a='   &#xD;&#xA;&#9; A '/>", '<n a="   &#xD;&#xA;&#x9; A "></n>'),
        ("<a><!-- gone --><?keep  this?><![CDATA[<b>]]></a>", "<a><?keep this?>&lt;b&gt;</a>"),
    ],
)  # fmt: skip
def test_canonical_form_is_the_standards(text: str, expected: str) -> None:
    assert canonical(read(text.encode())).decode() == expected


def test_an_inner_element_carries_the_namespaces_and_xml_attributes_above_it() -> None:
    root = read(b'<a xmlns="u" xmlns:p="v" xml:lang="mn"><b xml:space="default"><c/></b></a>')
    inner = next(next(root.elements()).elements())
    expected = '<c xmlns="u" xmlns:p="v" xml:lang="mn" xml:space="default"></c>'
    assert canonical(inner).decode() == expected


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))))
def test_text_comes_back_as_it_was_and_canonical_form_is_canonical(text: str) -> None:
    data = f"<a>{tree._escaped(text)}</a>".encode()
    try:
        root = read(data)
    except XmlRefused:  # U+FFFE and U+FFFF are not XML
        return
    assert root.text == text
    assert canonical(read(canonical(root))) == canonical(root)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_the_answer_is_a_tree_or_a_coded_refusal(data: bytes) -> None:
    try:
        read(data)
    except XmlRefused as refused:
        assert refused.code.startswith("XML-")
