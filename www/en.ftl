# The words of the page (Project Fluent, https://projectfluent.org). The first value of a text is $a, the second $b, and so on.

achieved = { $a } achieved
add-node = Add a node
also-tip-of = , tip of { $a }
address = Address
amount = Amount
available = Available
bad-link = What you see is unchanged: the link is incomplete or damaged. { $a }
balance = Balance
balances = Balances by its ledger
begin = Begin
bench = Bench
bench-about = What this browser does in a second, measured in the worker that runs the lab: every signature made and verified, real proof of work, nothing remembered. Each rate stands beside its bound, the bare cryptography it cannot do without, measured in turns with it. A rate is the median of its samples. Measuring takes some ten seconds and pauses the lab.
bench-block-verify = A full block from its bytes: parsed, judged by every rule, applied. Bound: one verification a transaction.
bench-bound = Bound
bench-chain-transactions = Signed, verified, pooled, mined into a block, and applied by a second chain. Bound: one signature and two verifications.
bench-done = Measured.
bench-none = Nothing measured yet.
bench-pow-hash = Nonces tried in search of a block. Bound: one compression of SHA-256.
bench-progress = Measured so far
bench-rate = Rate
bench-ratio = Of bound
bench-row = Row
bench-run = Measure
bench-running = Measuring …
bench-samples = Samples
bench-samples-value = { $a } in { $b } s
bench-sim-deliveries = Messages handled in a network of ten nodes that mines, pays and gossips.
building = Building …
block-gone = No node that is on has this block.
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
block-title = Block #{ $a } by { $b }
branch = Branch
build = Network
built-at = Built at
bytes = { $a } bytes
carrier-slow = Live messages cannot keep up with this speed.
chain = Chain
chain-summary =
    height { $a }, { $b } mined, { $c } stale, { $d } { $d ->
        [one] reorg
       *[other] reorgs
    }
choose-node = Choose a node to see what it knows.
clock-hours = { $a } h { $b } min { $c } s
clock-minutes = { $a } min { $b } s
clock-seconds = { $a } s
cut = Cut
cut-link = Cut the link { $a } – { $b }
cut-mark = cut
details = Details
dismiss = Dismiss
dismiss-hint = Got it
engine-broken = The engine has stopped: { $a }. Reload the page to begin again.
events =
    { $a } { $a ->
        [one] event
       *[other] events
    }
fee = Fee
file-not-text = { $a } is not a text file.
file-too-large = { $a } is too large: at most { $b } bytes are read.
first-rows = The first { $a } are shown.
flag-many = { $a } nodes ▾
foreign =
    { $a } foreign { $a ->
        [one] message
       *[other] messages
    } ignored
from-to = From → to
futures = Futures that were left
genesis = genesis
hash = Hash
hash-rate = Hash power
heal = Heal
heal-all = Heal all
heal-link = Heal the link { $a } – { $b }
hint = Real nodes, each with its own chain, all in this tab. Split the network, let both sides mine, heal it, and watch one side lose its blocks.
invariant-1 = Supply equals all balances
invariant-3 = Undoing and redoing a block changes nothing
invariant-6 = A forwarder never loses
invariant-7 = At rest all nodes agree
invariants = Invariants
is-stale = stale: not on the heaviest chain
known-by = Known by
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
latest = Latest
legend = ■ mines · ● does not · dots: messages, large ones blocks · arcs: channels · chips on them: pending payments · ≠ another tip than the heaviest · dashed: cut, or a stale block
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
link-copied = A link to this moment is on the clipboard ({ $a } characters).
link-in-bar = A link to this moment is in the address bar ({ $a } characters).
links = Links
live = Live messages
live-hint = On: every message really travels over a BroadcastChannel. Off: messages are handed over at once, which is faster. The run is the same.
log = Log
log-add-node = { $a } was added
log-add-remote = { $a } of another tab became known
log-blamed = blames { $a }: { $b }
log-block-rejected = rejects block { $a }: { $b }
log-connect-remote = { $a } was connected with { $b } of another tab
log-cut = { $a } – { $b } was cut
log-disconnect-remote = { $a } was disconnected from { $b } of another tab
log-external = { $b } of another tab said something to { $a }
log-heal = { $a } – { $b } was healed
log-heal-all = all links were healed
log-held = holds block { $a } until its time has come
log-mined = found block #{ $a } ({ $b })
log-orphaned = has block { $a } but not its parent { $b }
log-partition = { $a } were cut off from the others
log-quiesce = mining and traffic stop, all links heal
log-refused = the script asked for what cannot be done: { $a }
log-reorged =
    reorg, { $a } { $a ->
        [one] block
       *[other] blocks
    } out, { $b } in ({ $c } → { $d })
log-set-hash-rate = { $a } searches { $b } hashes a second
log-set-link = { $a } – { $b } was changed
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
log-start = { $a } was switched on
log-stop = { $a } was switched off
log-transaction-rejected = rejects transaction { $a }: { $b }
log-transfer = { $a } sends { $c } to { $b }, fee { $d }
loss = { $a } lost
memo = Memo
mempool-title = Mempool ({ $a })
merkle-root = Merkle root
milliseconds = { $a } ms
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
no-hash-rate = does not mine
no-traffic = No transfers
no-worker = This browser could not start the engine: { $a }
nobody = nobody
nobody-to-pay = There is no other node to pay.
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
node-label-off = { $a }, switched off
node-title = Node { $a }
nodes = Nodes
nonce = Nonce
none = None
not-a-number = { $a } is not a whole number.
off = off
older = Older blocks
on-best = on the heaviest chain
open-file = Open file
owner = Owner
parent = Parent
pause = Pause
peer = Peer
peers = Peers
play = Play
play-hint = Space plays and pauses, . and , step an event, b steps to the next block
plot = Rates beside their bounds
plot-label = Rates on a logarithmic scale: { $a }
plot-legend = By the second, on a logarithmic scale: each mark is ten times the one before. Grey bars are bounds.
pow-interval = Proof of work · a block every { $a } s
reward = Reward
reward-value = { $a } to { $b }
rewind = Rewind to the start
room = Room
room-copied = The room's link is on the clipboard. Open it in another tab of this browser.
room-copy = Copy link
room-detached = detached
room-dropped =
    { $a } foreign { $a ->
        [one] message
       *[other] messages
    } dropped
room-guest = guest
room-host = host
room-keeps-clock = host
room-leave = Leave the room
room-legend = {" "}· dashed outline with a letter: a node of another tab
room-link-is = Open this in another tab of this browser: { $a }
room-log = { $a } % of the room's log is used. When it is full, this tab goes on by itself.
room-node = { $a } of tab { $b }, { $c }, follows block { $d }
room-node-off = { $a } of tab { $b }, switched off
room-open = Open a room
room-other-tab = Open in another tab
room-rejoin = Rejoin
room-seeking = joining …
room-seen = heard { $a } s ago
room-tabs =
    { $a } { $a ->
        [one] tab
       *[other] tabs
    }
room-title = Room { $a }
room-who = Who is here
room-why-log-full = Detached: the log of what other tabs said in { $a } is full, so this tab goes on by itself. Rejoin begins a fresh one.
room-why-rewound = Detached: what you see is a private copy, and room { $a } goes on without it.
room-why-room-full = Room { $a } is full: sixteen tabs are there. This tab goes on by itself.
room-you = this tab
run-seed = Seed { $a }
runs = This run
save-capsule = Save
seed = Seed
seeking = seeking
send = Send
send-transfer = Send a transfer
sent = { $a } to { $b } sent, fee { $c }. It waits in the mempool until a block takes it.
share = Share
size = Size
speed = Speed
spent = Sent
split = Split in two
start-mining = Start mining
start-node = Start { $a }
state-root = State root
step-back = One event back
step-block = On to the next block
step-event = One event on
switched-off =
    Switched off. What it stored stays: { $a } { $a ->
        [one] block
       *[other] blocks
    }.
stop-mining = Stop mining
stop-node = Stop { $a }
take-up-future = Back to the future left at { $a } (seen to { $b })
target = Target
time = Time
timeline = Timeline
tip = Follows
tip-below = ‹ { $a } at #{ $b }
title = Tabchain
title-bench = Bench – Tabchain
to = To
to-bench = Bench
to-lab = Lab
traffic = Traffic
traffic-label = Transfers that every node makes by itself
traffic-rate =
    { $a } { $a ->
        [one] transfer
       *[other] transfers
    } an hour
transactions-title = Transactions ({ $a })
transport = Play and step
unknown = unknown
use-loopback = Hand messages over directly
work = Work
work-value = { $a } hashes expected
log-channel-agreed = channel with { $a } over { $b }: both have signed its funding
log-channel-opened = channel with { $a } is open
log-channel-unburied = a reorg took back the funding of the channel with { $a }: payments wait
log-channel-not-paid = cannot pay { $b } to { $a }: { $c } is left above the reserve
log-channel-publishing = force closes the channel with { $a } by commitment { $b }
log-channel-published = sees commitment { $b } of the channel with { $a } on the chain; a newer one replaces it up to block #{ $c }
log-channel-refuting = refutes { $a } by commitment { $b }
log-channel-punishing = punishes { $a }: commitment { $b } was revoked
log-channel-closed = channel with { $a } is closed as both agreed
log-channel-settled = channel with { $a } is settled
log-channel-punished = channel with { $a } ended with a penalty
log-channel-resizing = the channel with { $a } makes room for another one: payments wait
log-channel-not-resized = the channel with { $a } goes on as it was
log-channel-resized = another channel with { $a } has taken the place of one
log-channel-abandoned = channel with { $a } will never be funded
log-offer-refused = { $a } does not open a channel: { $b }
log-open-channel = { $a } offers { $b } a channel, { $c } from one, { $d } from the other
log-pay =
    { $a } pays { $b } { $c }, { $d } { $d ->
        [one] time
       *[other] times
    }, through their channel
log-resize = { $a } wants to have { $c } locked in its channel with { $b }
log-close-channel = { $a } wants to close its channel with { $b }
log-force-close = { $a } force closes its channel with { $b }
log-tower-watching = watches a channel of { $a } from commitment { $b } on
log-tower-refuting = refutes for { $a }, whom it watches for, by commitment { $b }
log-tower-punishing = punishes for { $a }, whom it watches for: commitment { $b } was revoked
log-tower-too-poor = has { $b } to act for { $a }, where it would offer { $c }
log-tower-forgotten = forgets a channel of { $a } that has long ended
log-tower-refused = { $a } does not watch a channel: it { $b }
log-watch = { $b } is the watchtower of { $a }
log-unwatch = { $a } has no watchtower any more
log-misbehave-silent = { $a } goes silent in the middle of its next update of each channel
log-misbehave-double-sign = { $a } signs every commitment twice from now on, once in its own favour
log-misbehave-withhold = { $a } never reveals a preimage from now on: payments to it stay pending
log-misbehave-jam = { $a } fills channels with payments that an accomplice will not take
log-misbehave-race = { $a } claims payments in the last blocks before they expire
log-misbehave-publish-old = { $a } publishes a revoked commitment as soon as that pays
log-behave = { $a } keeps to the rules again
log-cheat = { $a } cheats { $b }: publishes commitment { $c } again
channels = Channels
channels-summary =
    { $a } open, { $b } locked, { $c } { $c ->
        [one] update
       *[other] updates
    }
open-channel = Open a channel
no-channels = Two nodes lock money once on the chain, pay each other any number of times by signed updates, and settle once.
channel-facts =
    Commitment { $a }, capacity { $b }, dispute window { $c } { $c ->
        [one] block
       *[other] blocks
    }; cheats { $d }.
has-turn = It is { $a }’s turn.
policy = Cheats
policy-penalty = lose everything
policy-replace = gain nothing
status-opening = opening
status-burial = funding under { $a } of { $b } blocks
status-open = open · commitment { $a }
status-resizing = being resized
status-resized = resized
status-closing = closing
status-window =
    disputed · { $a } { $a ->
        [one] block
       *[other] blocks
    } left
status-disputed = disputed
status-closed = closed
status-settled = settled
status-punished = punished
status-abandoned = never funded
party-off = { $a } is off.
party-queued =
    { $a } { $a ->
        [one] payment waits
       *[other] payments wait
    }.
waits-nothing = { $a } waits for nothing.
waits-message = { $a } waits for the message “{ $b }”.
waits-turn = { $a } waits for its turn.
waits-burial = { $a } waits for blocks on the funding: { $b } of { $c }.
waits-inclusion = { $a } waits for a block with the transaction “{ $b }”.
waits-successor = { $a } waits for the channel that takes its place, up to block #{ $b }.
waits-window = { $a } waits for the end of the dispute window at block #{ $b }: { $c } to go.
channel-actions = Pay or close
who-pays = Who
times = Times
pay = Pay
close-together = Close together
force-close = Force close
cheat = Publish old #{ $a }
cheat-hint = Cheats: publishes an old commitment that was revoked
channel-from = Opener
channel-to = With
deposit-from = Opener locks
deposit-to = Other locks
reserve = Reserve
window = Window, blocks
offer = Offer
cancel = Cancel
invariant-2 = Channel balances add up
invariant-4 = One commitment of each number
invariant-5 = The honest are paid
payments-label = Payments that every node makes by itself through its channels
payments-rate =
    { $a } { $a ->
        [one] payment
       *[other] payments
    } an hour
no-payments = No payments
a-block = block
a-transaction = transaction
a-channel = channel
action = Action
all-kept = All { $b } rules passed.
arrived = arrived
arrives-at = Arrives
arrives-at-value = { $a }, { $b } ms after it was sent
back = ‹ Back
bytes-label = Bytes; the arrow keys go from field to field
bytes-shown = { $a } of { $b } bytes are shown.
came-of-it = What came of it
channel = Channel
confirmed-in = Confirmed in block #{ $a }, transaction { $b }
confirmed-in-stale = In block #{ $a }, transaction { $b }, which is stale
failed = failed
fee-rate = Fee rate
fee-rate-value = { $a } per 1,000 bytes
field = Field and value
from = From
has-arrived = arrived
in-flight = in flight
in-flight-empty = in flight; its bytes are still travelling
judge = Judged by
kept-by = passed by { $a } of { $b } transactions
kind = Kind
length = Length
lit-field = { $a }, bytes { $b } to { $c }: { $d }
message = Message
message-gone = Messages that arrived are kept a while only; this one is no longer here.
message-row = { $a }, { $b } → { $c }
message-title = Message { $a }, { $b } → { $c }
messages-title = Messages ({ $a } in flight)
no-rules = There is nothing to judge here.
nonce-value = { $a } of { $b }
not-evaluated = not evaluated
not-taken-apart = (not taken apart)
note-as-if-new = As if it came to { $a } now, judged by its mempool and by its ledger after block #{ $b }.
note-confirmed-there = It is confirmed in block #{ $a } of this chain, so its nonce is spent there: that it would be refused now is as it should be.
note-genesis = Nothing judges the genesis block: the chain is named after it.
note-invariants-now = Evaluated here and now, for this node. All invariants of the whole network so far: { $a } checks, { $b } violated.
note-judged-by = Judged against its parent, by the tree of { $a } and by the ledger after that parent. Signatures are checked anew.
offset = Offset
on-its-way = in flight
passed = passed
point-at-bytes = Point at bytes or at a field, or go through them with the arrow keys.
raw-block = The canonical encoding of the block, as it is hashed, stored and sent.
raw-empty-slot = The bytes are still travelling; until they arrive the world waits for them.
raw-message = The bytes on the wire.
raw-node = The status message that this node sends now: on connecting, and every ten seconds.
raw-transaction = The canonical encoding of the transaction, as it is hashed and sent.
rule-adjudicator = Channel
rule-bad-commitment = Commitment: { $a } carries the signatures of both parties
rule-bad-signature = Signatures: of everybody who must sign { $a }, for this chain
rule-channel-terms = Terms of the channel
rule-cost-overflow = Cost: amount { $a } + fee { $b } can exist
rule-fee-too-low = Least fee: { $a } ≥ { $b }, the least for { $c } bytes
rule-insufficient-balance = Balance: { $a } ≥ amount { $b } + fee { $c }
rule-insufficient-work = Work: hash { $a } ≤ target { $b }
rule-known-invalid = Not known as invalid: neither it nor its parent
rule-node-peers = Peers: { $a } ≤ { $b }
rule-node-pool = Mempool: { $a } bytes ≤ { $b }
rule-node-reconnect = Undo and redo (3): block #{ $a } taken back and applied again gives the same ledger
rule-node-state-root = State root: ledger { $a } = header of its tip { $b }
rule-node-supply = Supply (1): all that is owned { $a } = supply { $b }
rule-nonce-too-far = Nonce not too far: { $a } ≤ next { $b } + { $c }
rule-overspent = All its waiting transactions: { $a } ≤ balance { $b }
rule-pool-full = Room in the mempool, or it pays more than what must go
rule-pool-wrong-nonce = Nonce not spent: { $a } ≥ the account’s next { $b }
rule-replacement-underpriced = Replacement: fee { $a } ≥ { $b }, needed to replace { $c }
rule-slot = Slot: all { $a } bytes have arrived
rule-supply-exceeded = Supply cap: issued { $a } + subsidy { $b } ≤ { $c }
rule-timestamp-too-new = Not from the future: timestamp { $a } ≤ now and the allowed drift { $b }
rule-timestamp-too-old = Timestamp: { $a } > median of the last eleven { $b }
rule-too-large = Size: { $a } bytes ≤ { $b }
rule-unknown-parent = Parent: { $a } is known, with its body
rule-wire-announcement = Announcements: the bytes of each are exactly one
rule-wire-bad-signer = Signatures: each that is news is signed by the side of the channel that it speaks for
rule-wire-direct = Channel message: the bytes are exactly one
rule-wire-greeted = Greeting: the receiver has heard a status of the sender
rule-wire-too-large = Size: { $a } bytes ≤ { $b }
rule-wire-too-many = Length: { $a } ≤ { $b }
rule-wire-undecodable = Decoding: the bytes are exactly one message
rule-wire-unlinked = Headers: each is the parent of the next
rule-wire-wrong-chain = Chain: protocol { $a } = { $b }, genesis { $c } = { $d }
rule-wrong-coinbase = Coinbase: { $a } = subsidy { $b } + fees { $c }
rule-wrong-height = Height: { $a } = one above its parent { $b }
rule-wrong-merkle-root = Merkle root: header { $a } = over the body { $b }
rule-wrong-nonce = Nonce: { $a } = the account’s next { $b }
rule-wrong-state-root = State root: header { $a } = after the block { $b }
rule-wrong-target = Target: { $a } = by the retarget rule { $b }
rule-wrong-version = Version: { $a } = { $b }
rule-zero-amount = Amount: at least 1 base unit
says = Says
sent-at = Sent
sides = Sides of what is selected
some-broken = { $c } of { $b } rules failed.
some-open = { $a } of { $b } rules passed, { $d } could not be evaluated.
state = State
tab-raw = Raw bytes
tab-rules = Rules
tab-summary = Summary
things-title = Contents ({ $a })
transaction-gone = No node that is on has this transaction waiting or in one of its last blocks.
transaction-id = Id
transaction-title = Transaction { $a }
unknown-block-title = Block { $a }
waits-at =
    Waits at { $a } ({ $b } { $b ->
        [one] node
       *[other] nodes
    })
why-coinbase-broken = The coinbase is wrong, so it is not paid.
why-invalid-parent = A block below it is invalid.
why-no-bytes = Its bytes have not arrived yet.
why-no-parent = The judge has no parent of it.
why-node-off = The node is switched off.
why-supply-broken = The supply would be exceeded.
why-too-deep = More than 300 blocks would have to be undone; rewind the time to judge it.
why-too-large = It is too large to be read.
why-transaction-broken = A transaction before it cannot be applied.
why-undecodable = It cannot be read.
balance-of = { $a }’s balance there
block = Block
both-sides = What each side holds
capacity = Capacity
channel-gone = No node that is on knows this channel.
channel-id = Id, and funding
place-taken-by = Place taken by
takes-place-of = Takes the place of
channel-title = Channel of { $a } and { $b }
charged = Fees out of it
commitment-number = commitment { $a }
depth-value =
    under { $a } { $a ->
        [one] block
       *[other] blocks
    }, its own included
ended-close = closed as both agreed,
ended-punish = with a penalty,
ended-resize = resized,
ended-settle = settled,
ending = Ending
funding = Funding
handle = Handle
in-block = block #{ $a }
inspect = Inspect
newest-commitment = Newest commitment
not-funded = Its funding is not on the heaviest chain.
not-now = not now
note-judged-channel = What the parties hold is taken from their own nodes, what the chain has from the ledger of { $a } after block #{ $b }. Signatures are checked anew.
on-chain = On the heaviest chain
parties = Parties
payments-waiting = Its payments that wait
phase = Phase
possible = possible
publication = Publication
publication-value = { $a } has published commitment { $b }; the newest shown is { $c }; the window ends with block #{ $d }, { $e } to go
published-by-it = It has published
raw-channel = What a side must keep to be paid, one after another: parties and terms of the funding; the newest commitment with both signatures, as it is published; the state that it stands for, as it is settled.
raw-channel-none = No side has a commitment with both signatures yet.
revoked-by-it = Commitments it has revoked
rule-channel-agreed = Terms: in the ledger as agreed, cheats { $a } = { $b }, window { $c } = { $d }, reserve { $e } = { $f }, valid up to block { $g } = { $h }
rule-channel-buried = Funding buried: under { $a } ≥ { $b } blocks, its own included
rule-channel-capacity = Capacity: ledger { $a } = both deposits { $b }
rule-channel-fees = Fees in the channel: { $a } has paid { $b } ≤ reserve { $c }
rule-channel-htlc = HTLC: { $a } has offered { $b } for the preimage of { $c }, up to block { $d }: it goes to { $e }
rule-channel-htlc-pending = HTLC: { $a } offers { $b } for the preimage of { $c }, up to block { $d }, to { $e }
rule-channel-keys = Parties: ledger { $a } = funding { $b }
rule-channel-newest-shown = Newest shown: commitment { $a } ≥ { $b }, the newest that { $c } holds
rule-channel-not-revoked = Not revoked: { $a } has published commitment { $b } ≥ { $c }, the first it has not revoked
rule-channel-numbers = Numbers: commitment { $a } of { $b } and { $c } of { $d }, at most one apart
rule-channel-reserve = Reserve: { $a } keeps { $b } ≥ { $c }
rule-channel-revoked = Revocations: { $a } has revoked { $b } = { $c }, all before the newest of { $d }
rule-channel-revoking = Revocations: { $a } has revoked { $b } ≥ { $c }, all but the last before commitment { $d } of { $e }
rule-channel-signature = Signature: of { $a }, on commitment { $b } for this channel and chain, held by { $c }
rule-channel-state = State: its hash { $a } = in commitment { $b } { $c }
rule-channel-sum = Balances: { $a } + { $b } + HTLCs { $c } = capacity { $d }
rule-channel-window = Dispute window: next block { $a } ≤ its end { $b }
rule-step-close = Close together: by commitment { $a }, { $b } gets { $c } and { $d } { $e }, if both sign
rule-step-publish = Publish: { $a } shows commitment { $b }
rule-step-punish = Punish: { $a } shows the secret of commitment { $b }
rule-step-refute = Refute: commitment { $a }, held by { $b }
rule-step-settle = Settle: by commitment { $a }, { $b } gets { $c } and { $d } { $e }
side = Side
steps-about = Each step as its party would bring it to the judge’s next block, put to the adjudicator. Fees are left aside.
steps-title = Possible steps
terms = Terms
terms-value =
    dispute window { $a } { $a ->
        [one] block
       *[other] blocks
    }; cheats { $b }; reserve { $c } each; funding valid up to block #{ $d }
transaction-by = { $a } by { $b }
unknown-channel-title = Channel { $a }
why-awaits-signature = The opener’s signature is not here yet.
why-htlc-pending = The chain has not seen the preimage, and it is not too late for it.
why-no-record = The judge’s ledger has no such channel: it is not funded there, or it is over.
why-no-secret = It was not revoked: nobody has its secret.
why-no-state = Nobody who is on knows what this commitment stands for.
why-not-buried = Payments wait until it is.
why-party-unknown = A party’s node is off, or does not have the channel.
why-window-over = The window is over: it can be settled.
payments = Payments
payments-summary = { $a } under way, { $b } arrived, { $c } failed
send-payment = Pay over a route
no-payments-yet = A node pays another that it has no channel with, over the channels of others: each hop locks money for the one preimage, or none does.
payment-begun = Begun. The list says how it fares.
payer = Payer
payee = Payee
max-fee = Fee at most
automatic = automatic
done = Done
payment-arrived = arrived · fee { $a }
payment-failed =
    failed · { $a } { $a ->
        [one] attempt
       *[other] attempts
    }
payment-no-route = failed · no route
payment-held = kept waiting by { $a }
payment-returns = paid · the receipt travels back
payment-comes-back = failed · coming back
payment-under-way = under way · hop { $a } of { $b }
payment-facts = Payment { $a }, begun at { $b }.
payment-state = Now: { $a }.
stage-waiting = not there
stage-offered = being offered
stage-committed = locked
stage-fulfilled = paid
stage-failed = failed
given-up = Why it was given up
payer-knows = What the payer knows
really-happened = What really happened
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
inspect-channel = Inspect this channel
expires-in = expires at block #{ $a }, { $b } to go
expired-at = expiry block #{ $a }
truth-as-told = Nothing was hidden from it: that is all.
truth-short = { $a } had { $d } to pay { $b } with, { $c } were needed: { $e } too little.
truth-not-ready = The channel of { $a } and { $b } was closing, not confirmed, or one of them was away. { $a } had { $d } there, { $c } were needed.
truth-no-channel = { $a } and { $b } have no such channel any more.
truth-terms = { $a } had { $d } to pay { $b } with, { $c } were needed: its terms stood in the way, not its balance.
truth-no-way = No way of usable channels led there at that time.
truth-widest = No way could carry it. The widest, { $a }, could carry { $b } at that time, fees aside: { $c } had no more to pay { $d } with.
truth-wide-enough = { $a } could have carried { $b } at that time, fees aside; the payer could not know.
said-unknown-payment = { $a } says that it expects no such payment.
said-wrong-amount = { $a } says that it expects { $d }.
said-bad-packet = { $a } says that it cannot read its instructions.
said-unknown-channel = { $a } says that it has no such channel to { $c }.
said-not-ready = { $a } says that its channel from { $b } to { $c } cannot be used now.
said-insufficient = { $a } says that { $b } → { $c } cannot carry so much now. How much it could, it does not say.
said-too-many-htlcs = { $a } says that { $b } → { $c } has no room for one more pending payment.
said-below-minimum = { $a } says that { $b } → { $c } carries at least { $d }.
said-above-maximum = { $a } says that { $b } → { $c } carries at most { $d }.
said-fee-too-low = { $a } says that it asks a fee of { $e }, and was left { $d }.
said-delta-too-small = { $a } says that it asks { $e } blocks between the expiries, and was left { $d }.
said-expires-too-soon = { $a } says that it expires too soon.
said-expires-too-late = { $a } says that it expires too late.
said-expired = { $a } says that nobody claimed it in time.
said-cancelled = { $a } gave it back.
unpaid-attempts = Too many routes have failed.
unpaid-nothing-to-pay = There is nothing to pay.
unpaid-to-oneself = Payer and payee are one.
unpaid-unknown-payee = The payee has no channel on the chain.
unpaid-no-channel = The payer has no channel to pay from.
unpaid-own-funds = None of the payer’s channels can pay { $a }: the best can pay { $b }.
unpaid-no-way = No way of announced channels leads from the payer to the payee.
unpaid-capacity = By its own balances and by what is announced, at most { $b } can reach the payee, not { $a }.
unpaid-failed-lately = There is no other route for { $a }: after what failed lately, at most { $b } of the announced { $c } can be hoped for.
unpaid-minimum = No way carries as little as { $a }, but one carries { $b }.
unpaid-hop-limit = A route takes { $a } hops, at most { $b } are allowed.
unpaid-expiry-limit = A route may take { $a } blocks, at most { $b } are allowed.
unpaid-fee-limit = A route costs a fee of { $a }, at most { $b } is allowed.
unpaid-limits = A route takes { $a } hops, { $b } blocks and a fee of { $c }: beyond several limits.
unpaid-gave-up = No route was found among { $a } ways.
waits-resumption = { $a } waits to hear where the other side stands.
waits-htlcs =
    { $a } waits for { $b } pending { $b ->
        [one] payment
       *[other] payments
    }.
waits-expiry = { $a } waits for the chain to decide a payment, at block #{ $b } at the latest: { $c } to go.
party-offers =
    { $a } routed { $a ->
        [one] payment waits
       *[other] payments wait
    } for its turn.
party-lost = { $a } has lost what it signed last: it signs nothing any more and asks the other to close.
party-watched = { $b } watches for { $a }, and holds commitment { $c }.
party-not-watched-yet = { $b } is to watch for { $a }, and has not answered yet.
status-lost = one side lost its state
status-open-pending = open · commitment { $a } · { $b } pending
channels-punished = , { $a } punished
tower-of = Watchtower of { $a }
holds-payments = { $a } keeps payments waiting
node-label-holds = , keeps payments waiting
sends-label = Payments that every node with a channel makes by itself over routes
sends-rate = { $a } routed an hour
no-sends = No routed payments
log-send = { $a } pays { $b } { $c } over a route
log-hold = { $a } keeps payments waiting
log-unhold = { $a } takes payments again
log-payment-failed = a payment of { $a } has failed
log-payment-held = keeps a payment of { $a } waiting
log-channel-lost = has lost what came after commitment { $b } of the channel with { $a }, and asks it to close
a-message = message
a-payment = payment
cause-accepted = took in transaction { $a }
cause-built-upon = found { $a } on top of { $b }’s block, so that branch had more work
cause-carried = put it into block #{ $a } ({ $b })
cause-channel-paid = paid { $a } { $b } by commitment { $c }
cause-channel-received = was paid { $b } by { $a } by commitment { $c }
cause-command = did what it was asked before
cause-connected = { $a } connected
cause-disconnected = { $a } hung up
cause-extended = took block #{ $a } ({ $b }) as its tip
cause-found-earlier = found { $a } for the same height { $b } ms earlier
cause-found-later = found { $a } for the same height { $b } ms later
cause-got = was paid { $a } by { $b } in block #{ $c }
cause-headers = learned { $a } new headers
cause-heard = heard of it from { $a } after { $b } ms on the way
short-record = The record does not reach back to the first cause: what was before is no longer kept.
cause-is-abandoned = The channel was given up: its funding will never be.
cause-is-ahead = { $b } found block #{ $a }, above the heaviest chain: its branch has less work.
cause-is-at-genesis = { $a } knows no block but the genesis block.
cause-is-balance = Why is { $a }’s balance { $b }? Its last changes:
cause-is-best = { $b } found block #{ $a }, and { $c } of { $d } nodes have it. It is on the heaviest chain.
cause-is-channel = The channel is open or being opened.
cause-is-closed = Both parties closed the channel together.
cause-is-confirmed = It is confirmed in block #{ $a }.
cause-is-disputed = One party has published a commitment of the channel; the dispute goes on.
cause-is-dropped = It waits nowhere any more: the mempools have dropped it.
cause-is-failed = The payment has failed: { $a }.
cause-is-genesis = Everybody begins with the genesis block; nothing caused it.
cause-is-in-stale = The block that carried it, #{ $a }, is stale.
cause-is-off = { $a } is switched off.
cause-is-paid = The payment has arrived.
cause-is-punished = A revoked commitment was published and punished: its publisher lost all of the channel.
cause-is-refused = The block was rejected: { $a }.
cause-is-rejected = The transaction was rejected: { $a }.
cause-is-reorged = Why did { $a } reorganise last? Another branch had more work; blocks that left its chain: { $b }, that joined it: { $c }.
cause-is-replaced = It was replaced by transaction { $a }, which pays more.
cause-is-resized = A channel of another capacity took its place.
cause-is-sent = The message is the last of these, each caused by the one before it:
cause-is-settled = The channel was closed by force, and paid out after the dispute window.
cause-is-stale = The block is stale: { $b }’s block #{ $a } was built upon first.
cause-is-tied = The block is stale: { $b }’s block #{ $a } has as much work, and the lower id ({ $c } < { $d }).
cause-is-tip = Why is { $a }’s tip #{ $b } ({ $c })?
cause-is-under-way = The payment is under way.
cause-is-unknown = Nothing of it is recorded (any more).
cause-is-waiting = It waits at { $a } nodes for a block to carry it.
cause-late = found a block too late
cause-locked = locked money in channel { $a } in block #{ $b }
cause-lost = lost on its way to { $b }: { $a } about block { $c }
cause-lost-cut = could not reach { $b } over the cut link: { $a } about block { $c }
cause-message = { $a } from { $b }, { $c } ms on its way
cause-message-block = { $a } from { $b } about block { $d }, { $c } ms on its way
cause-message-transaction = { $a } from { $b } about transaction { $d }, { $c } ms on its way
cause-mined = found a block
cause-paid = paid { $b } { $a } and a fee of { $c } in block #{ $d }
cause-payment-earned = earned { $a } by passing it on
cause-payment-forwarded = passed { $a } on
cause-payment-not-forwarded = could not pass it on: { $a } ({ $b } needed, { $c } there)
cause-payment-paid = holds the receipt for { $a }, fee { $b }
cause-payment-received = was paid { $a }
cause-payment-retried = tries another route: { $a }
cause-payment-sent = sent { $a } over { $b } channels, fee { $c }
cause-redial = two nodes were connected again
cause-remote = a message came from another tab
cause-replaced = took in transaction { $a } instead of { $b }
cause-reward = earned { $a } by finding block #{ $b }
cause-stepped = brought a { $a } of its channel to the chain in block #{ $b }
cause-wake = its timer went off
cause-workload = wanted to pay, by its workload
no-history = Nothing of it is recorded (any more).
payment-elsewhere = The panel of payments shows it.
payment-title = Payment { $a }
raw-payment = A payment is not one thing with an encoding: its channels and transactions are.
tab-history = History
tab-why = Why
