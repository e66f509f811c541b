# The words of the page (Project Fluent, https://projectfluent.org). The first value of a text is $a, the second $b, and so on.
# Here stand those that the first look at the page needs; all others stand in later.ftl.

a-block = block
a-channel = channel
a-message = message
a-payment = payment
a-transaction = transaction
achieved = { $a } achieved
add-ed25519 = Ed25519, from its name
add-node = Add a node
add-rsa = RSA, a pasted key
address = Address
also-tip-of = , tip of { $a }
amount = Amount
arrange = Arrange
arrange-hint = Lay all nodes out anew; then any of them can be dragged
arrived = arrived
attempt =
    Attempt { $a }, { $b } { $b ->
        [one] hop
       *[other] hops
    }
attempt-failed =
    Attempt { $a }, { $b } { $b ->
        [one] hop
       *[other] hops
    }, failed at { $c } → { $d }
available = Available
balance = Balance
balances = Balances by its ledger
begin = Begin
bench = Bench
bench-samples-value = { $a } in { $b } s
block = Block
block-label =
    Block { $a } by { $b }, { $c } { $c ->
        [one] transaction
       *[other] transactions
    }{ $d }
block-label-stale =
    Stale block { $a } by { $b }, { $c } { $c ->
        [one] transaction
       *[other] transactions
    }{ $d }
blocks-made = Blocks
breaks = Pause by itself, slow down
build = Network
bytes = { $a } bytes
chain = Chain
chain-summary =
    height { $a }, { $b } mined, { $c } stale, { $d } { $d ->
        [one] reorg
       *[other] reorgs
    }
chain-table = Blocks in sight as a table
channel = Channel
channel-facts =
    Commitment { $a }, capacity { $b }, dispute window { $c } { $c ->
        [one] block
       *[other] blocks
    }; cheats { $d }.
channel-from-node = Open a channel from { $a }
channels = Channels
channels-summary =
    { $a } open, { $b } locked, { $c } { $c ->
        [one] update
       *[other] updates
    }
channels-table = Channels as a table
chart-mempool = Mempool
charts = Charts
charts-show = Show the charts
choose-node = Choose a node to see what it knows.
clock-hours = { $a } h { $b } min { $c } s
clock-minutes = { $a } min { $b } s
clock-seconds = { $a } s
close = Close
column-waiting = Transactions
commitment-number = commitment { $a }
consensus = Consensus
copy = Copy
copy-link = Copy the link
cut = Cut
cut-link = Cut the link { $a } – { $b }
cut-mark = cut
depth-value =
    under { $a } { $a ->
        [one] block
       *[other] blocks
    }, its own included
details = Details
dismiss-hint = Got it
edit-child =
    { $a ->
        [one] The block above the original still follows it: { $b } names { $c } as its parent, not this copy.
       *[other] The { $a } blocks above the original still follow it: the first of them, { $b }, names { $c } as its parent, not this copy.
    }
edit-of-transaction = { $a } transaction { $b }
edit-transaction = { $a }. { $e }, { $b } → { $c }: { $d }
edit-was = was { $a }
events =
    { $a } { $a ->
        [one] event
       *[other] events
    }
failed = failed
fee = Fee
fee-rate-value = { $a } per 1,000 bytes
filter-actions = What was done
filter-all-kinds = Everything
filter-all-nodes = All nodes
filter-chain = Chain
filter-channels = Channels
filter-kind = Kind of event
filter-node = Log of
filter-payments = Payments
foreign =
    { $a } foreign { $a ->
        [one] message
       *[other] messages
    } ignored
from = From
from-to = From → to
genesis = genesis
has-arrived = arrived
hash = Hash
hash-rate = Hash power
heal = Heal
heal-all = Heal all
hint = Real nodes, each with its own chain, all in this tab. Split the network, let both sides mine, heal it, and watch one side lose its blocks.
holds-payments = { $a } keeps payments waiting
in-block = block #{ $a }
in-flight = in flight
invariant-1 = Supply equals all balances
invariant-2 = Channel balances add up
invariant-3 = Undoing and redoing a block changes nothing
invariant-4 = One commitment of each number
invariant-5 = The honest are paid
invariant-6 = A forwarder never loses
invariant-7 = At rest all nodes agree
invariants = Invariants
kind = Kind
known-by-value = { $a } of { $b } nodes
knows = Knows
knows-value =
    { $a } { $a ->
        [one] block
       *[other] blocks
    }, { $b } { $b ->
        [one] orphan
       *[other] orphans
    }
last-told = Told of
latest = To the tip
legend = ■ mines · ● does not · ▲ misbehaves · ◆ watches channels · thick link: fast · broken: loses messages · dotted: cut · dots: messages, large ones blocks · arcs: channels, with pending payments · ≠ not on the heaviest tip
light-broken =
    { $a }: violated { $c } { $c ->
        [one] time
       *[other] times
    } in { $b } { $b ->
        [one] check
       *[other] checks
    }
light-kept =
    { $a }: holds, checked { $b } { $b ->
        [one] time
       *[other] times
    }
light-unknown = { $a }: not checked yet
link = Link
links = Links
live = Live messages
live-hint = On: every message really travels over a BroadcastChannel. Off: messages are handed over at once, which is faster. The run is the same.
log = Log
log-channel-agreed = channel with { $a } over { $b }: both have signed its funding
log-hold = { $a } keeps payments waiting
log-mined = found block #{ $a } ({ $b })
log-open-channel = { $a } offers { $b } a channel, { $c } from one, { $d } from the other
log-pay =
    { $a } pays { $b } { $c }, { $d } { $d ->
        [one] time
       *[other] times
    }, through their channel
log-reorged =
    reorg, { $a } { $a ->
        [one] block
       *[other] blocks
    } out, { $b } in ({ $c } → { $d })
log-send = { $a } pays { $b } { $c } over a route
log-set-workload =
    { $a } { $a ->
        [one] transfer
       *[other] transfers
    }, { $b } { $b ->
        [one] payment
       *[other] payments
    } and { $c } routed { $c ->
        [one] payment
       *[other] payments
    } an hour from every node
log-side-branch = keeps block #{ $a } ({ $b }) on a side branch
mark-found = found block #{ $a }
mark-label = { $a }: { $b }, { $c }
mark-reorg =
    reorg, { $a } { $a ->
        [one] block
       *[other] blocks
    } out
memo = Memo
mempool-title = Mempool ({ $a })
message = Message
message-row = { $a }, { $b } → { $c }
message-title = Message { $a }, { $b } → { $c }
messages-title = Messages ({ $a } in flight)
milliseconds = { $a } ms
mine-stop = Stop mining
move-node = Move { $a }
network = Network
network-summary =
    { $a } { $a ->
        [one] node
       *[other] nodes
    }, { $b } { $b ->
        [one] tip
       *[other] tips
    }, { $c } { $c ->
        [one] message
       *[other] messages
    } in flight
new-network = New network
newer = Newer blocks
news = News
no-channels = Two nodes lock money once on the chain, pay each other any number of times by signed updates, and settle once.
no-hash-rate = does not mine
no-payments = No payments
no-payments-yet = A node pays another that it has no channel with, over the channels of others: each hop locks money for the one preimage, or none does.
no-sends = No routed payments
no-traffic = No transfers
nobody = nobody
node = Node
node-count = Nodes
node-label =
    { $a }, { $b }, follows block { $c }, { $d } { $d ->
        [one] transaction
       *[other] transactions
    } waiting
node-label-behind =
    { $a }, { $b }, follows block { $c }, not the heaviest tip, { $d } { $d ->
        [one] transaction
       *[other] transactions
    } waiting
node-title = Node { $a }
nodes = Nodes
nonce-value = { $a } of { $b }
none = None
nothing-to-redo = Redo: nothing was undone
nothing-to-undo = Undo: nothing was done by hand
off = off
older = Older blocks
on-its-way = in flight
open-channel = Open a channel
open-file = Open file
owner = Owner
page-bench = Bench
page-explore = Explore
page-lab = Lab
page-settings = Settings
pages = Pages
palette = All actions
palette-count =
    { $a } { $a ->
        [one] action
       *[other] actions
    }
party-offers =
    { $a } routed { $a ->
        [one] payment waits
       *[other] payments wait
    } for its turn.
party-queued =
    { $a } { $a ->
        [one] payment waits
       *[other] payments wait
    }.
pause = Pause
pay = Pay
payment-title = Payment { $a }
payments = Payments
payments-label = Payments that every node makes by itself through its channels
payments-rate =
    { $a } { $a ->
        [one] payment
       *[other] payments
    } an hour
payments-summary = { $a } under way, { $b } arrived, { $c } failed
payments-table = Payments as a table
peer = Peer
peers = Peers
picture-title = { $a } at { $b }
play = Play
play-hint = Space plays and pauses, . and , step an event, b steps to the next block
pool-next-block = The next block would take { $a } of these. A fee of { $b } per 1,000 bytes is enough to be in it, { $c } to wait at all.
pow-interval = Proof of work · a block every { $a } s
present-view = Present: { $a }
presets = Examples
proof-of-stake = Proof of stake
proof-of-work = Proof of work
qr = QR code of the link
redo = Redo
reward-value = { $a } to { $b }
rewind = Rewind to the start
room = Room
room-dropped =
    { $a } foreign { $a ->
        [one] message
       *[other] messages
    } dropped
room-is-node = node
room-open = Open a room
room-tabs =
    { $a } { $a ->
        [one] tab
       *[other] tabs
    }
room-title = Room { $a }
room-title-node = Node { $a }
room-you = this tab
rule-adjudicator = Channel
run-seed = Seed { $a }
runs = This run
save-capsule = Save
save-csv = Save as CSV
save-picture = Save a picture: { $a }
scheme = Scheme
scheme-ed25519 = Ed25519: keys of { $a } bytes, signatures of { $b }
seed = Seed
send = Send
send-payment = Pay over a route
send-transfer = Send a transfer
sends-label = Payments that every node with a channel makes by itself over routes
sends-rate = { $a } routed an hour
sent-at = Sent
share = Share
share-about = The run, its place in time and what is selected. Whoever opens it sees the same, bit for bit; it is never sent to a server.
share-link = Link ({ $a } characters)
share-of-stake = Share
share-title = Share this moment
show = Show
side = Side
sides = Sides of what is selected
space-time = Space and time
space-time-others =
    ; not drawn: { $a } { $a ->
        [one] message
       *[other] messages
    }, { $b } { $b ->
        [one] node
       *[other] nodes
    }
space-time-show = Show space and time
space-time-summary =
    { $a } { $a ->
        [one] message
       *[other] messages
    }, { $b } in flight, { $c } lost, { $d } { $d ->
        [one] block
       *[other] blocks
    } found, { $e } { $e ->
        [one] reorg
       *[other] reorgs
    }
speed = Speed
speed-to = Speed { $a }
spent = Sent
split = Split in two
stage-committed = locked
stage-failed = failed
stage-fulfilled = paid
state = State
status-burial = funding under { $a } of { $b } blocks
status-opening = opening
status-window =
    disputed · { $a } { $a ->
        [one] block
       *[other] blocks
    } left
step-back = One event back
step-block = On to the next block
step-event = One event on
stop-mining = Stop mining
stop-node = Stop { $a }
switched-off =
    Switched off. What it stored stays: { $a } { $a ->
        [one] block
       *[other] blocks
    }.
tab-history = History
tab-raw = Raw bytes
tab-rules = Rules
tab-summary = Summary
tab-why = Why
terms-value =
    dispute window { $a } { $a ->
        [one] block
       *[other] blocks
    }; cheats { $b }; reserve { $c } each; funding valid up to block #{ $d }
time = Time
timeline = Timeline
tip = Follows
title = Tabchain
to = To
tower-of = Watchtower of { $a }
traffic = Traffic
traffic-label = Transfers that every node makes by itself
traffic-rate =
    { $a } { $a ->
        [one] transfer
       *[other] transfers
    } an hour
transaction-by = { $a } by { $b }
transaction-title = Transaction { $a }
transactions = Transactions
transport = Play and step
undo = Undo
unknown = unknown
unknown-block-title = Block { $a }
unknown-channel-title = Channel { $a }
waits-at =
    Waits at { $a } ({ $b } { $b ->
        [one] node
       *[other] nodes
    })
waits-htlcs =
    { $a } waits for { $b } pending { $b ->
        [one] payment
       *[other] payments
    }.
what = What
who-pays = Who
who-stakes = Who
