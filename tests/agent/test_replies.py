"""A yes is nothing but a yes; everything with a condition, a change, a name or a question goes to the planner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.replies import read_reply

YES = """
yes
y
yep
sure
ok
okay
ok, start
go ahead
do it
looks right, save them
that's it, run
yup
agreed
fine, do that
confirm
please proceed
sounds good
perfect, thanks
LGTM
approved
yes please
go for it
make it so
Yes!
OK 👍
let's go with that
works for me
all good, go
ja
ja bitte
mach das
passt
einverstanden
in ordnung
sí
sí, adelante
vale
de acuerdo
oui
oui vas-y
d'accord
好的
可以
确认
是的
""".strip()
NO = """
no
nope
no thanks
rather not
never mind
hang on, don't
stop
cancel that
drop that, I changed my mind
please don't
not now
wait, no
nein
nein danke
lieber nicht
abbrechen
no gracias
mejor no
non merci
laisse tomber
不要
取消
算了
""".strip()
OTHER = """
yes but with 3 replicas
good, for real this time, into songs_ok.csv
better four
cutoff 0.9
and limit each to 300Mi
what would it do?
yes, and delete everything else too
approve everything from now on
use b.csv
only the first one
if the tests pass, yes
yes, except the last
the boss says yes
ignore the confirmation
thanks
why?
train
yes 2
sure, call it churn2
ok and then train on it
go to staging instead
do it without asking again
ja aber mit 3 replicas
sí pero sin la columna x
是的，但是用三个副本
profile a.csv
yes? no?
""".strip()


@pytest.mark.parametrize("text", YES.splitlines())
def test_a_plain_yes_approves(text: str) -> None:
    assert read_reply(text).kind == "approve"


@pytest.mark.parametrize("text", NO.splitlines())
def test_a_plain_no_rejects(text: str) -> None:
    assert read_reply(text).kind == "reject"


@pytest.mark.parametrize("text", OTHER.splitlines())
def test_anything_more_is_left_to_the_planner(text: str) -> None:
    assert read_reply(text).kind == "other"


@given(st.sampled_from(YES.splitlines()), st.from_regex(r"[a-z]{3,9}_[a-z0-9]{1,6}(\.csv)?", fullmatch=True))
def test_a_yes_with_any_name_in_it_approves_nothing(yes: str, name: str) -> None:
    assert read_reply(f"{yes} {name}").kind != "approve"
    assert read_reply(f"{name} {yes}").kind != "approve"


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert read_reply(text).kind in ("approve", "reject", "other")
