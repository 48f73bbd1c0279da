"""The layout of receipts: columns of ASCII and Chinese, what is cut and what never is, and what reaches no printer."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt import (
    LEAST_COLUMNS,
    Align,
    Blank,
    Element,
    Line,
    QrCode,
    Receipt,
    Row,
    Rule,
    Size,
    Text,
    columns_of,
    lay_out,
    printable,
)

# Text as people have it in names and texts: ASCII, Chinese, accents, symbols, joiners, and what breaks printers.
texts = st.text(
    st.one_of(
        st.characters(codec="ascii"),
        st.sampled_from("积分顾客合计￥，。（）…—·"),
        st.characters(min_codepoint=0xA0, max_codepoint=0x24F),
        st.characters(),
    ),
    max_size=60,
)
short_texts = st.text(st.sampled_from("0123456789.,-￥分×"), min_size=1, max_size=9)
elements = st.one_of(
    st.builds(Text, texts, st.sampled_from(Align), st.booleans(), st.sampled_from(Size)),
    st.builds(
        Row,
        texts,
        st.lists(short_texts, max_size=3).map(tuple),
        st.lists(st.integers(0, 12), max_size=3).map(tuple),
        st.booleans(),
        st.sampled_from(Size),
    ),
    st.builds(Rule, st.sampled_from(["-", "=", "－", "."])),
    st.builds(Blank, st.integers(0, 3)),
    st.just(QrCode("ORDER-1")),
)
papers = st.sampled_from([LEAST_COLUMNS, 32, 42, 48])


def shown(*parts: Element, columns: int = 32) -> list[str]:
    """The lines of a receipt as text; a QR code as its content in brackets."""
    lines = lay_out(Receipt(parts), columns)
    return [f"[{line.text}]" if isinstance(line, QrCode) else line.text for line in lines]


@pytest.mark.parametrize(
    ("row", "line"),
    [
        #                                              12345678901234567890123456789012
        (Row("Total", ("36.00",)), "Total                      36.00"),
        (Row("合计", ("￥36.00",)), "合计                     ￥36.00"),
        (Row("拿铁咖啡", ("2", "￥36.00"), (4, 9)), "拿铁咖啡             2   ￥36.00"),
        (Row("燕麦奶拿铁咖啡超大杯少冰", ("1", "￥42.00"), (4, 9)), "燕麦奶拿铁咖啡…     1   ￥42.00"),
        (Row("A latte with oat milk, large", ("1", "￥42.00"), (4, 9)), "A latte with oa…    1   ￥42.00"),
        (Row("A latte with oa  t milk, lar", ("1", "￥42.00"), (4, 9)), "A latte with oa…    1   ￥42.00"),
        (Row("没有数字"), "没有数字"),
        (Row("大字", ("36",), size=Size.LARGE), "大字          36"),
    ],
)
def test_names_give_way_and_numbers_do_not(row: Row, line: str) -> None:
    """Names stand left and are cut with an ellipsis, values stand right under each other, in columns of the printer."""
    assert [line] == shown(row)


def test_numbers_that_leave_no_room_get_their_own_line() -> None:
    """Where the values take nearly the whole width, the name stands above them, and nothing of them is lost."""
    row = Row("Points before this payment", ("1234567890123", "9876543210987"))
    assert ["Points before this payment", "     1234567890123 9876543210987"] == shown(row)
    assert ["Name", " " * 8 + "1" * 24, " " * 8 + "2" * 24] == shown(Row("Name", ("1" * 24, "2" * 24)))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (Text("顾客", Align.CENTER), [" " * 14 + "顾客"]),
        (Text("right", Align.RIGHT), [" " * 27 + "right"]),
        (Text("one\ntwo"), ["one", "two"]),
        (Text(""), [""]),
        (
            Text("Points are valid for two years from today on."),
            ["Points are valid for two years", "from today on."],
        ),
        (Text("积分自今日起两年内有效，逾期作废。"), ["积分自今日起两年内有效，逾期作废", "。"]),
        (Text("x" * 70), ["x" * 32, "x" * 32, "x" * 6]),
        (Text("大号字体测试一二三", size=Size.LARGE), ["大号字体测试一二", "三"]),
    ],
)
def test_paragraphs_are_wrapped_and_aligned(text: Text, lines: list[str]) -> None:
    """Words stay whole while they fit, Chinese breaks anywhere, and large letters take two columns each."""
    assert lines == shown(text)


def test_a_whole_receipt() -> None:
    """A shop's receipt for 58 mm paper, line by line."""
    receipt = (
        Text("街角咖啡", Align.CENTER, is_bold=True, size=Size.LARGE),
        Rule(),
        Row("积分支付", ("3600分",), is_bold=True),
        Row("现金", ("￥6.00",)),
        Rule("="),
        Blank(),
        QrCode("R20260302-000017"),
    )
    assert [
        "    街角咖啡",
        "-" * 32,
        "积分支付                  3600分",
        "现金                      ￥6.00",
        "=" * 32,
        "",
        "[R20260302-000017]",
    ] == shown(*receipt)


def test_a_copy_says_so() -> None:
    """What may be a second print of the same receipt is marked at its top; a receipt may go without."""
    receipt = Receipt((Text("x"),))
    assert Line("         重印 / REPRINT", is_bold=True) == lay_out(receipt, 32, is_copy=True)[0]
    assert [Line("x")] == lay_out(receipt, 32)
    assert [Line("x")] == lay_out(Receipt((Text("x"),), copy_mark=""), 32, is_copy=True)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("拿铁 latte", "拿铁 latte"),
        ("¥36", "￥36"),
        ("a\tb\x1b@\x00\x1dVc\x7f", "a b@Vc"),
        ("e\u0301te\u0301", "été"),
        ("Jürgen Møller Łukasz", "Jürgen M?ller ?ukasz"),
        ("naïve Ölbaum", "naive Olbaum"),
        ("王㛃", "王㛃"),
        ("👩‍👧 ok ❤️", "?? ok ?"),
        ("ab\u200b\ufeffc\u202e", "abc"),
        ("\ud800\ue000\U0010ffff", "???"),
        ("①½ ﬁ", "①1/2 fi"),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_the_printer_does_not_have_is_replaced(text: str, printed: str) -> None:
    """No control character gets through, letters lose their accents where they must, the rest is a question mark."""
    assert printed == printable(text)


@given(texts)
def test_a_text_is_as_wide_as_its_bytes(text: str) -> None:
    """What is printable has the columns the printer gives it: one for a byte, two for a Chinese character."""
    made = printable(text)
    assert not any(unicodedata.category(character).startswith("C") for character in made)
    assert columns_of(made) == sum(min(2, len(character.encode("gb18030"))) for character in made)
    assert made == printable(made)


@given(st.lists(elements, max_size=8), papers, st.booleans())
def test_nothing_is_wider_than_the_paper(parts: list[Element], columns: int, is_copy: bool) -> None:
    """Whatever a receipt holds, each line fits its paper, and no value of a row loses a character."""
    lines = lay_out(Receipt(tuple(parts)), columns, is_copy=is_copy)
    printed = [line for line in lines if isinstance(line, Line)]
    assert [] == [line for line in printed if columns_of(line.text) * line.size.widening > columns]
    together = "".join(line.text for line in printed).replace(" ", "")
    for part in parts:
        if isinstance(part, Row):
            assert all(value in together for value in part.values)


@pytest.mark.parametrize("text", ["", "a\nb", "订单", "x" * 513, "\x1b"])
def test_a_qr_code_holds_what_a_gun_can_read(text: str) -> None:
    """An empty, a Chinese or an endless content is refused when the receipt is made."""
    with pytest.raises(ValueError, match="QR code"):
        QrCode(text)


def test_paper_has_a_width() -> None:
    """A layout for no paper at all is a mistake of the caller."""
    with pytest.raises(ValueError, match="columns"):
        lay_out(Receipt(()), LEAST_COLUMNS - 1)
