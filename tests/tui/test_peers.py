"""Peers: who is there is shown as it is, and each thing that can be done is done."""

import pytest
from textual.pilot import Pilot

from infernet_tui import aliases
from infernet_tui.demo import DemoNode
from infernet_tui.screens.peer_words import Peer
from infernet_tui.screens.peers import PeersScreen
from infernet_tui.session import DemoSession
from tests.support.cockpit import (
    NOON,
    AttachedSession,
    app_of,
    cockpit,
    panel_text,
    settled,
    text_of,
    until,
)
from tests.support.driving import click_footer, command, screen_of, seen, write


def peers(pilot: Pilot[int]) -> PeersScreen:
    return screen_of(pilot, PeersScreen)


def real_node() -> AttachedSession:
    return AttachedSession(DemoNode(clock=lambda: NOON, seed=1))


async def go_to_peer(pilot: Pilot[int], *, with_address: bool = True) -> Peer:
    """Put the cursor on another node that has, or has not, an address."""
    table = peers(pilot).peers
    found = next(
        peer for peer in table.view if not peer.is_self and bool(peer.multiaddr) is with_address
    )
    table.select(found.pubkey)
    await pilot.pause()
    return found


def names(pilot: Pilot[int]) -> list[str]:
    return [peer.name for peer in peers(pilot).peers.view]


# --- what is shown ------------------------------------------------------------------------------


async def test_sources_are_named_with_what_they_found_and_what_is_still_to_come() -> None:
    async with cockpit(screen="peers") as pilot:
        text = text_of(pilot)
        assert "control plane ok 24 · Nostr not set up yet · DHT not set up yet" in text
        assert "rig-01 (here)" in text


async def test_alone_the_words_say_why_and_what_to_do() -> None:
    async with cockpit("idle", screen="peers") as pilot:
        text = text_of(pilot)
        assert "No peers seen. The control plane lists nobody but this node." in text
        assert "`infernet doctor`" in text


async def test_a_control_plane_that_is_away_is_told_of_with_its_reason() -> None:
    async with cockpit("trouble", screen="peers") as pilot:
        text = text_of(pilot)
        assert "control plane FAILED" in text
        assert "No peers seen. The control plane did not answer:" in text
        assert "connection refused" in text


async def test_peers_stay_when_their_source_is_lost_and_are_called_stale() -> None:
    node = DemoNode(clock=lambda: NOON, seed=1, scenario="busy")
    async with cockpit(screen="peers", session=DemoSession(node)) as pilot:
        before = names(pilot)
        node.world.scenario = DemoNode(scenario="trouble").world.scenario
        await pilot.press("r")
        await seen(pilot, "control plane FAILED")
        assert names(pilot) == before
        assert "stale" in text_of(pilot)


async def test_of_a_thousand_peers_only_those_in_view_cost_anything() -> None:
    async with cockpit("large", screen="peers", size=(160, 50)) as pilot:
        assert "1 of 1,000" in text_of(pilot)
        await pilot.press("G")
        await seen(pilot, "1,000 of 1,000")
        assert len(peers(pilot).peers.body) < 50, "only what is in view is turned into text"
        await pilot.press("slash", *"mi300x")
        await seen(pilot, "/mi300x")
        assert all("MI300X" in (peer.gpu_model or "") for peer in peers(pilot).peers.view)


async def test_only_an_alias_has_the_mark_of_one_whatever_a_node_calls_itself() -> None:
    async with cockpit(screen="peers") as pilot:
        peer = await go_to_peer(pilot)
        await command(pilot, "peers alias lab-7")
        await until(pilot, lambda: "lab-7" in names(pilot))
        rows = [row for row in text_of(pilot).splitlines() if "lab-7" in row]
        assert len([row for row in rows if "~ lab-7 " in row]) == 1
        assert len(rows) > 1
        assert peer.name not in names(pilot)


async def test_hostile_names_reach_neither_the_table_nor_the_detail_as_they_are() -> None:
    async with cockpit("hostile", screen="peers", size=(160, 50)) as pilot:
        await pilot.press("j", "enter")
        assert "\x1b" not in text_of(pilot)
        assert app_of(pilot).is_running


# --- what is done -------------------------------------------------------------------------------


async def test_enter_opens_the_peer_in_a_dialog_or_goes_to_its_pane() -> None:
    async with cockpit(screen="peers") as pilot:
        peer = await go_to_peer(pilot)
        await click_footer(pilot, "Open")
        await seen(pilot, "public key")
        await seen(pilot, peer.pubkey[:40])
        await seen(pilot, "npub1")
    async with cockpit(screen="peers", size=(160, 50)) as pilot:
        peer = await go_to_peer(pilot)
        assert peer.multiaddr is not None
        assert peer.multiaddr in panel_text(pilot, "#detail")
        await command(pilot, "peers --json")
        assert app_of(pilot).focused is app_of(pilot).screen.query_one("#detail")


@pytest.mark.parametrize("way", ["key", "palette", "mouse"])
async def test_a_ping_shows_the_round_trip(way: str) -> None:
    async with cockpit(screen="peers", size=(120, 40)) as pilot:
        peer = await go_to_peer(pilot)
        if way == "key":
            await pilot.press("P")
        elif way == "palette":
            await pilot.press("j")
            await command(pilot, f"peers ping {peer.multiaddr}")
        else:
            await click_footer(pilot, "Ping")
        await seen(pilot, f"{peer.name} answered in ")
        assert (found := peers(pilot).current_peer) is not None
        assert found.ping is not None
        assert found.ping.round_trip_ms is not None


async def test_a_ping_that_is_not_answered_says_so() -> None:
    async def no_wait(_seconds: float) -> None:
        return

    node = DemoNode(clock=lambda: NOON, seed=1, scenario="busy", pause=no_wait)
    async with cockpit(screen="peers", session=DemoSession(node)) as pilot:
        table = peers(pilot).peers
        silent = next(
            peer for peer in table.view if peer.multiaddr and int(peer.name.split("-")[-1]) % 7 == 6
        )
        table.select(silent.pubkey)
        await pilot.press("P")
        await seen(pilot, "did not answer within 2 s")
        current = peers(pilot).current_peer
        assert current is not None
        assert current.ping is not None
        assert current.ping.role == "error"


async def test_a_peer_without_an_address_cannot_be_pinged_and_the_reason_is_given() -> None:
    async with cockpit(screen="peers") as pilot:
        peer = await go_to_peer(pilot, with_address=False)
        await pilot.press("P")
        await seen(pilot, f"{peer.name} advertises no address")


async def test_an_alias_is_shown_in_place_of_the_name_until_it_is_undone() -> None:
    async with cockpit(screen="peers", session=real_node()) as pilot:
        peer = await go_to_peer(pilot)
        await pilot.press("a")
        await seen(pilot, f"Alias of {peer.name}")
        await write(pilot, "x" * 50)
        await seen(pilot, "at most 40 characters")
        await write(pilot, "old friend")
        await pilot.press("enter")
        await until(pilot, lambda: "old friend" in names(pilot))
        assert aliases.load().names == {peer.pubkey: "old friend"}
        expected = f"infernet peers alias {peer.pubkey} 'old friend'"
        assert app_of(pilot).commands[0][1] == expected
        await pilot.press("U")
        await until(pilot, lambda: peer.name in names(pilot))
        assert aliases.load().names == {}


async def test_an_alias_is_given_by_command_and_taken_away_with_a_dash() -> None:
    async with cockpit(screen="peers") as pilot:
        peer = await go_to_peer(pilot)
        await pilot.press("g")
        await command(pilot, f"peers alias {peer.pubkey} friend")
        await until(pilot, lambda: "friend" in names(pilot))
        await click_footer(pilot, "Alias")
        await seen(pilot, "Only you see it")
        await write(pilot, "-")
        await pilot.press("enter")
        await until(pilot, lambda: peer.name in names(pilot))


async def test_a_blocked_peer_is_hidden_until_it_is_unblocked() -> None:
    async with cockpit(screen="peers", session=real_node()) as pilot:
        peer = await go_to_peer(pilot)
        await pilot.press("b", "n")
        assert peer.name in names(pilot)
        await click_footer(pilot, "Block")
        await seen(pilot, "It changes no matching")
        await pilot.press("y")
        await until(pilot, lambda: peer.name not in names(pilot))
        await seen(pilot, "1 blocked, hidden")
        assert aliases.load().blocked == {peer.pubkey}
        await pilot.press("B")
        await seen(pilot, f"blocked {peer.name}"[:15])
        peers(pilot).peers.select(peer.pubkey)
        await command(pilot, f"peers block {peer.pubkey}")
        await seen(pilot, f"Unblock {peer.name}?")
        await pilot.press("y")
        await until(pilot, lambda: not aliases.load().blocked)
        assert app_of(pilot).commands[0][1] == f"infernet peers unblock {peer.pubkey} --yes"


async def test_what_was_noted_holds_in_the_next_run() -> None:
    async with cockpit(screen="peers", session=real_node()) as pilot:
        peer = await go_to_peer(pilot)
    aliases.change(lambda known: known.named(peer.pubkey, "friend"))
    async with cockpit(screen="peers", session=real_node()) as pilot:
        await settled(pilot)
        await until(pilot, lambda: "friend" in names(pilot))


async def test_what_is_noted_in_a_demo_is_not_written() -> None:
    async with cockpit(screen="peers") as pilot:
        await go_to_peer(pilot)
        await command(pilot, "peers alias lab-7")
        await until(pilot, lambda: "lab-7" in names(pilot))
        assert not aliases.aliases_file().exists()


async def test_this_node_itself_is_neither_pinged_nor_blocked() -> None:
    async with cockpit(screen="peers") as pilot:
        await pilot.press("g", "b")
        await seen(pilot, "That is this node itself.")


async def test_a_message_cannot_be_sent_yet_and_the_reason_is_given() -> None:
    async with cockpit(screen="peers") as pilot:
        await go_to_peer(pilot)
        await pilot.press("m")
        await seen(pilot, "Talk is not set up yet")
