# The words of the page (Project Fluent, https://projectfluent.org). The first value of a text is $a, the second $b, and so on.

a-block = block
a-channel = channel
a-message = message
a-payment = payment
a-transaction = transaction
accepter-balance = Accepter’s balance
achieved = { $a } achieved
action = Action
actions = Actions
add-ed25519 = Ed25519, from its name
add-key = Private key: PKCS#8 in PEM or base64
add-key-note = The key becomes a part of the run and of every link to it: take none that guards anything.
add-node = Add a node
add-rsa = RSA, a pasted key
address = Address
all-kept = All { $b } rules passed.
also-tip-of = , tip of { $a }
amount = Amount
and-more = { $a } and { $b } more
arrange = Arrange
arrange-hint = Lay all nodes out anew; then any of them can be dragged
arrived = arrived
arrives-at = Arrives
arrives-at-value = { $a }, { $b } ms after it was sent
at-line = Line { $a }: { $b }
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
attempts = Attempts
automatic = automatic
available = Available
back = ‹ Back
bad-link = What you see is unchanged: the link is incomplete or damaged. { $a }
balance = Balance
balance-of = { $a }’s balance there
balances = Balances by its ledger
became = What became of it
begin = Begin
begin-preset = Begin “{ $a }”
bench = Bench
bench-about = What this browser does in a second, measured in the worker that runs the lab: every signature made and verified, real proof of work, nothing remembered. Each rate stands beside its bound, the bare cryptography it cannot do without, measured in turns with it. A rate is the median of its samples. Measuring takes half a minute and pauses the lab.
bench-block-verify = A full block from its bytes: parsed, judged by every rule, applied. Bound: one verification a transaction.
bench-bound = Bound
bench-chain-transactions = Signed, verified, pooled, mined into a block, and applied by a second chain. Bound: one signature and two verifications.
bench-channel-break-even = Payments after which those have taken less room in blocks than transfers would have.
bench-channel-locked = Base units locked for each hundred that one side can pay, with equal deposits and a reserve of a twentieth.
bench-channel-transactions = Transactions on the chain that a channel costs: one to open it, one to close it together.
bench-channel-update = A payment inside a channel: proposed, signed by both, and the commitment before revoked by both. Bound: two signatures and two verifications.
bench-done = Measured.
bench-none = Nothing measured yet.
bench-payment-direct = Payments to a neighbour, through whole nodes, counted in hops: an invoice, an HTLC offered and fulfilled. Bound: its signatures and verifications.
bench-payment-hops3 = The same over three channels, with all that forwarding takes. Bound: its signatures and verifications.
bench-pow-hash = Nonces tried in search of a block. Bound: one compression of SHA-256.
bench-progress = Measured so far
bench-rate = Rate
bench-ratio = Of bound
bench-route-find = Routes through a network of 6,000 nodes and 60,000 channels, with every limit and all that the payer has learned. Bound: Dijkstra’s algorithm over fees alone.
bench-route-success = Payments that arrive there, tried again with what was learned.
bench-row = Row
bench-run = Measure
bench-running = Measuring …
bench-samples = Samples
bench-samples-value = { $a } in { $b } s
bench-sign-ed25519 = Signatures of 64 bytes made with Ed25519.
bench-sign-rsa = The same with an RSA key of so many bits, in the open: a scenario’s keys are no secrets.
bench-sim-deliveries = Messages handled in a network of ten nodes that mines, pays and gossips.
bench-unit = Unit
bench-verify-ed25519 = Signatures of Ed25519 verified as consensus does. Bound: the library alone.
bench-verify-rsa = The same of an RSA key of so many bits, whose small exponent makes it quick to verify.
block = Block
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
blocks-made = Blocks
both-sides = What each side holds
branch = Branch
branch-best = heaviest chain
break-expired = Paused: a payment of { $a } was not claimed in time.
break-penalty = Paused: { $a } sees a channel end with a penalty.
break-reorg = Paused: { $a } has left { $b } blocks of its chain for others.
break-violated = Paused: an invariant does not hold.
breaks = Pause by itself, slow down
breaks-pause = Pause when
build = Network
building = Building …
built-at = Built at
burned = Burned
bytes = { $a } bytes
bytes-label = Bytes; the arrow keys go from field to field
bytes-shown = { $a } of { $b } bytes are shown.
came-of-it = What came of it
cancel = Cancel
capacity = Capacity
carrier-slow = Live messages cannot keep up with this speed.
cause-accepted = took in transaction { $a }
cause-built-upon = found { $a } on top of { $b }’s block, so that branch had more work
cause-carried = put it into block #{ $a } ({ $b })
cause-channel-paid = paid { $a } { $b } by commitment { $c }
cause-channel-received = was paid { $b } by { $a } by commitment { $c }
cause-command = did what it was asked before
cause-connected = { $a } connected
cause-disconnected = { $a } hung up
cause-evicted = drops transaction { $a } from its full mempool: { $b } pays more
cause-extended = took block #{ $a } ({ $b }) as its tip
cause-found-earlier = found { $a } for the same height { $b } ms earlier
cause-found-later = found { $a } for the same height { $b } ms later
cause-gave-way = drops transaction { $a }: { $b } takes its place, and pays more
cause-got = was paid { $a } by { $b } in block #{ $c }
cause-headers = learned { $a } new headers
cause-heard = heard of it from { $a } after { $b } ms on the way
cause-is-abandoned = The channel was given up: its funding will never be.
cause-is-ahead = { $b } found block #{ $a }, above the heaviest chain: its branch has less work.
cause-is-aside-voted = The block is aside: votes prefer the branch of { $b }’s block #{ $a }.
cause-is-at-genesis = { $a } knows no block but the genesis block.
cause-is-balance = Why is { $a }’s balance { $b }? Its last changes:
cause-is-best = { $b } found block #{ $a }, and { $c } of { $d } nodes have it. It is on the heaviest chain.
cause-is-best-voted = { $b } made block #{ $a }, and { $c } of { $d } nodes have it. It is on the branch that votes prefer.
cause-is-channel = The channel is open or being opened.
cause-is-closed = Both parties closed the channel together.
cause-is-confirmed = It is confirmed in block #{ $a }.
cause-is-disputed = One party has published a commitment of the channel; the dispute goes on.
cause-is-dropped = It waits nowhere any more: the mempools have dropped it.
cause-is-evicted = The mempools were full, and dropped it for transaction { $a }, which pays more.
cause-is-failed = The payment has failed: { $a }.
cause-is-genesis = Everybody begins with the genesis block; nothing caused it.
cause-is-in-stale = The block that carried it, #{ $a }, is stale.
cause-is-lost-apart = The message to { $a } was lost: { $b } and { $a } were not connected when it was sent.
cause-is-lost-chance = The message to { $a } was lost by chance: the link from { $b } loses some. It came of these, each caused by the one before it:
cause-is-lost-cut = The message to { $a } was lost: the link from { $b } was cut when it was sent.
cause-is-lost-off = The message arrived at { $a }, which was off.
cause-is-off = { $a } is switched off.
cause-is-paid = The payment has arrived.
cause-is-past = What it would do is over, or its nonce is: no block can have it any more.
cause-is-punished = A revoked commitment was published and punished: its publisher lost all of the channel.
cause-is-refused = The block was rejected: { $a }.
cause-is-rejected = The transaction was rejected: { $a }.
cause-is-reorged = Why did { $a } reorganise last? Another branch had more work; blocks that left its chain: { $b }, that joined it: { $c }.
cause-is-reorged-voted = Why did { $a } reorganise last? Votes prefer another branch; blocks that left its chain: { $b }, that joined it: { $c }.
cause-is-replaced = It was replaced by transaction { $a }, which pays more.
cause-is-resized = A channel of another capacity took its place.
cause-is-sent = The message is the last of these, each caused by the one before it:
cause-is-settled = The channel was closed by force, and paid out after the dispute window.
cause-is-spent = Its nonce is taken: transaction { $a } of the same sender is in a block instead.
cause-is-stale = The block is stale: { $b }’s block #{ $a } was built upon first.
cause-is-tied = The block is stale: { $b }’s block #{ $a } has as much work, and the lower id ({ $c } < { $d }).
cause-is-tip = Why is { $a }’s tip #{ $b } ({ $c })?
cause-is-under-way = The payment is under way.
cause-is-unknown = Nothing of it is recorded (any more).
cause-is-unpayable = Its payer has not enough any more, so the mempools have dropped it.
cause-is-waiting = It waits at { $a } nodes for a block to carry it.
cause-late = found a block too late
cause-locked = locked money in channel { $a } in block #{ $b }
cause-lost = lost on its way to { $b }: { $a } about block { $c }
cause-lost-cut = could not reach { $b } over the cut link: { $a } about block { $c }
cause-message = { $a } from { $b }, { $c } ms on its way
cause-message-block = { $a } from { $b } about block { $d }, { $c } ms on its way
cause-message-transaction = { $a } from { $b } about transaction { $d }, { $c } ms on its way
cause-mined = found a block
cause-nonce-spent = drops transaction { $a }: its nonce is spent, or too far from what its sender has spent
cause-nonce-taken = drops transaction { $a }: a block spends its nonce by { $b }
cause-paid = paid { $b } { $a } and a fee of { $c } in block #{ $d }
cause-past = drops transaction { $a }: what it would do is over
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
cause-slashed = lost its stake in block #{ $b }: { $a } brought the evidence
cause-stepped = brought a { $a } of its channel to the chain in block #{ $b }
cause-unpayable = drops transaction { $a }: its payer has not enough any more
cause-validated = brought a { $a } to the chain in block #{ $b }
cause-wake = its timer went off
cause-workload = wanted to pay, by its workload
chain = Chain
chain-summary =
    height { $a }, { $b } mined, { $c } stale, { $d } { $d ->
        [one] reorg
       *[other] reorgs
    }
chain-table = Blocks in sight as a table
channel = Channel
channel-actions = Pay or close
channel-facts =
    Commitment { $a }, capacity { $b }, dispute window { $c } { $c ->
        [one] block
       *[other] blocks
    }; cheats { $d }.
channel-from = Opener
channel-from-node = Open a channel from { $a }
channel-gone = No node that is on knows this channel.
channel-id = Id, and funding
channel-title = Channel of { $a } and { $b }
channel-to = With
channels = Channels
channels-punished = , { $a } punished
channels-summary =
    { $a } open, { $b } locked, { $c } { $c ->
        [one] update
       *[other] updates
    }
channels-table = Channels as a table
charged = Fees out of it
chart-fees = Fee rates in the mempool, per 1,000 bytes
chart-fees-table = Fee rates as a table
chart-hash-rate = Hash rate
chart-hash-rate-table = Hash rate as a table
chart-interval = Block interval
chart-interval-table = Block interval as a table
chart-locked = Locked in channels
chart-locked-table = Locked in channels as a table
chart-mempool = Mempool
chart-mempool-table = Mempool as a table
chart-stale = Stale blocks
chart-stale-table = Stale blocks as a table
charts = Charts
charts-hide = Hide the charts
charts-show = Show the charts
charts-summary = { $a } { $a ->
        [one] sample
       *[other] samples
    }, one every { $b }; chain and mempool of a node on the heaviest tip
cheat = Publish old #{ $a }
cheat-hint = Cheats: publishes an old commitment that was revoked
check = Check
choose-node = Choose a node to see what it knows.
clock-hours = { $a } h { $b } min { $c } s
clock-minutes = { $a } min { $b } s
clock-seconds = { $a } s
clock-utc = { $a } UTC
close = Close
close-together = Close together
coinbase = Coinbase
column-configured = Configured, H/s
column-expected = Expected by the difficulty, H/s
column-interval = Mean of ten blocks, ms
column-locked = Base units
column-lowest = Lowest
column-median = Median
column-stale = Stale of 1,000 found
column-waiting = Transactions
column-wanted = Wanted, ms
commitment-number = commitment { $a }
confirmed-in = Confirmed in block #{ $a }, transaction { $b }
confirmed-in-stale = In block #{ $a }, transaction { $b }, which is stale
consensus = Consensus
contrast = Contrast
contrast-more = More
contrast-normal = Normal
copied = Copied.
copy = Copy
copy-link = Copy the link
crowd = { $a } nodes. The list of nodes has each of them.
curve-configured = configured
curve-expected = expected by the difficulty
curve-interval = mean of the last ten blocks
curve-locked = base units
curve-lowest = lowest
curve-median = median
curve-stale = of all that were found
curve-waiting = transactions that wait
curve-wanted = wanted
curves-label = { $a }: { $b }. At most { $c }, between { $d } and { $e }
cut = Cut
cut-link = Cut the link { $a } – { $b }
cut-mark = cut
deposit-from = Opener locks
deposit-to = Other locks
depth-value =
    under { $a } { $a ->
        [one] block
       *[other] blocks
    }, its own included
details = Details
dismiss = Dismiss
dismiss-hint = Got it
done = Done
download-run = Download this run
due-at = Due at
edit-became = What became of this copy
edit-broken = Broken: { $a }
edit-bytes = Bytes that differ
edit-child =
    { $a ->
        [one] The block above the original still follows it: { $b } names { $c } as its parent, not this copy.
       *[other] The { $a } blocks above the original still follow it: the first of them, { $b }, names { $c } as its parent, not this copy.
    }
edit-differs = { $a } of { $b } bytes differ, in fields: { $c }
edit-duplicate = Duplicate
edit-new-block = This copy is another block: its id is { $a }, the original’s is { $b }.
edit-new-transaction = This copy is another transaction: its id is { $a }, the original’s is { $b }.
edit-none = This is not here any more, so it cannot be edited.
edit-of-transaction = { $a } transaction { $b }
edit-raise = Move up
edit-remove = Remove
edit-reset = Reset the copy
edit-same-block = The header is as it was, and so is the id: whoever has the original takes this copy for it and looks no further.
edit-same-transaction = Signatures are not part of the id, which is as it was: whoever has the original takes this copy for it.
edit-scenario = Edit the scenario
edit-sign = Sign again
edit-transaction = { $a }. { $e }, { $b } → { $c }: { $d }
edit-unchanged = This is a copy. Change any field, and see which rule breaks; the original stays as it is.
edit-was = was { $a }
edit-was-is = Was, is
ended-close = closed as both agreed,
ended-punish = with a penalty,
ended-resize = resized,
ended-settle = settled,
ending = Ending
engine-broken = The engine has stopped: { $a }. Reload the page to begin again.
events =
    { $a } { $a ->
        [one] event
       *[other] events
    }
expired-at = expiry block #{ $a }
expires-in = expires at block #{ $a }, { $b } to go
failed = failed
fee = Fee
fee-rate = Fee rate
fee-rate-value = { $a } per 1,000 bytes
field = Field and value
fields = Fields
file-not-text = { $a } is not a text file.
file-too-large = { $a } is too large: at most { $b } bytes are read.
filter-actions = What was done
filter-all-kinds = Everything
filter-all-nodes = All nodes
filter-chain = Chain
filter-channels = Channels
filter-kind = Kind of event
filter-node = Log of
filter-payments = Payments
find = Find
find-go = Find it
find-hint = height, id or name
find-nothing = Nothing here has the height, id or name “{ $a }”.
first-message = First
first-rows = The first { $a } are shown.
fix = Fix
fix-rule = Fix: { $a }
flag-many = { $a } nodes ▾
followed-by = Tip of
force-close = Force close
foreign =
    { $a } foreign { $a ->
        [one] message
       *[other] messages
    } ignored
found-by = Found by
from = From
from-to = From → to
funding = Funding
futures = Futures that were left
genesis = genesis
given-up = Why it was given up
handle = Handle
has-arrived = arrived
has-turn = It is { $a }’s turn.
hash = Hash
hash-rate = Hash power
header = Header
heal = Heal
heal-all = Heal all
heal-link = Heal the link { $a } – { $b }
height = Height
hide = Hide
hint = Real nodes, each with its own chain, all in this tab. Split the network, let both sides mine, heal it, and watch one side lose its blocks.
holds-payments = { $a } keeps payments waiting
in-block = block #{ $a }
in-flight = in flight
in-flight-empty = in flight; its bytes are still travelling
inspect = Inspect
inspect-channel = Inspect this channel
invariant-1 = Supply equals all balances
invariant-10 = What is final stays
invariant-2 = Channel balances add up
invariant-3 = Undoing and redoing a block changes nothing
invariant-4 = One commitment of each number
invariant-5 = The honest are paid
invariant-6 = A forwarder never loses
invariant-7 = At rest all nodes agree
invariants = Invariants
is-stale = stale: not on the heaviest chain
judge = Judged by
kept-by = passed by { $a } of { $b } transactions
keys = Keys
keys-note = They work wherever nothing is being typed.
kind = Kind
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
lane = Lane
lanes = Nodes, from top to bottom
language = Language
language-en = English
language-pseudo = Pseudo (áccéénted, to test with)
last-final-block = Last final block
last-told = Told of
latest = To the tip
leave-presenting = Leave the full screen
legend = ■ mines · ● does not · ▲ misbehaves · ◆ watches channels · thick link: fast · broken: loses messages · dotted: cut · dots: messages, large ones blocks · arcs: channels, with pending payments · ≠ not on the heaviest tip
length = Length
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
lit-field = { $a }, bytes { $b } to { $c }: { $d }
live = Live messages
live-hint = On: every message really travels over a BroadcastChannel. Off: messages are handed over at once, which is faster. The run is the same.
log = Log
log-add-node = { $a } was added
log-add-remote = { $a } of another tab became known
log-behave = { $a } keeps to the rules again
log-blamed = blames { $a }: { $b }
log-block-rejected = rejects block { $a }: { $b }
log-channel-abandoned = channel with { $a } will never be funded
log-channel-agreed = channel with { $a } over { $b }: both have signed its funding
log-channel-closed = channel with { $a } is closed as both agreed
log-channel-lost = has lost what came after commitment { $b } of the channel with { $a }, and asks it to close
log-channel-not-paid = cannot pay { $b } to { $a }: { $c } is left above the reserve
log-channel-not-resized = the channel with { $a } goes on as it was
log-channel-opened = channel with { $a } is open
log-channel-published = sees commitment { $b } of the channel with { $a } on the chain; a newer one replaces it up to block #{ $c }
log-channel-publishing = force closes the channel with { $a } by commitment { $b }
log-channel-punished = channel with { $a } ended with a penalty
log-channel-punishing = punishes { $a }: commitment { $b } was revoked
log-channel-refuting = refutes { $a } by commitment { $b }
log-channel-resized = another channel with { $a } has taken the place of one
log-channel-resizing = the channel with { $a } makes room for another one: payments wait
log-channel-settled = channel with { $a } is settled
log-channel-unburied = a reorg took back the funding of the channel with { $a }: payments wait
log-cheat = { $a } cheats { $b }: publishes commitment { $c } again
log-close-channel = { $a } wants to close its channel with { $b }
log-connect-remote = { $a } was connected with { $b } of another tab
log-cut = { $a } – { $b } was cut
log-disconnect-remote = { $a } was disconnected from { $b } of another tab
log-external = { $b } of another tab said something to { $a }
log-finalized = Epoch { $a } is final: block { $b } will never be reverted here
log-force-close = { $a } force closes its channel with { $b }
log-heal = { $a } – { $b } was healed
log-heal-all = all links were healed
log-held = holds block { $a } until its time has come
log-hold = { $a } keeps payments waiting
log-mined = found block #{ $a } ({ $b })
log-misbehave-double-sign = { $a } signs every commitment twice from now on, once in its own favour
log-misbehave-equivocate = { $a } makes two blocks for each of its slots from now on
log-misbehave-jam = { $a } fills channels with payments that an accomplice will not take
log-misbehave-publish-old = { $a } publishes a revoked commitment as soon as that pays
log-misbehave-race = { $a } claims payments in the last blocks before they expire
log-misbehave-silent = { $a } goes silent in the middle of its next update of each channel
log-misbehave-vote-twice = { $a } votes twice in each epoch from now on
log-misbehave-withhold = { $a } never reveals a preimage from now on: payments to it stay pending
log-offence-double-vote = { $a } voted twice in one epoch
log-offence-equivocation = { $a } signed two blocks for one slot
log-offence-surround-vote = { $a } signed a vote that surrounds another of its votes
log-offer-refused = { $a } does not open a channel: { $b }
log-open-channel = { $a } offers { $b } a channel, { $c } from one, { $d } from the other
log-orphaned = has block { $a } but not its parent { $b }
log-partition = { $a } were cut off from the others
log-pay =
    { $a } pays { $b } { $c }, { $d } { $d ->
        [one] time
       *[other] times
    }, through their channel
log-payment-failed = a payment of { $a } has failed
log-payment-held = keeps a payment of { $a } waiting
log-publish-block = { $a } sent a block made by hand, { $b }, to its peers
log-publish-nothing = { $a } sent something made by hand
log-publish-transaction = { $a } sent a transaction made by hand, { $b }, to its peers
log-quiesce = mining and traffic stop, all links heal
log-refused = the script asked for what cannot be done: { $a }
log-reorged =
    reorg, { $a } { $a ->
        [one] block
       *[other] blocks
    } out, { $b } in ({ $c } → { $d })
log-resize = { $a } wants to have { $c } locked in its channel with { $b }
log-send = { $a } pays { $b } { $c } over a route
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
log-stake = { $a } stakes { $b }
log-start = { $a } was switched on
log-stop = { $a } was switched off
log-tower-forgotten = forgets a channel of { $a } that has long ended
log-tower-punishing = punishes for { $a }, whom it watches for: commitment { $b } was revoked
log-tower-refused = { $a } does not watch a channel: it { $b }
log-tower-refuting = refutes for { $a }, whom it watches for, by commitment { $b }
log-tower-revealing = reveals a preimage for { $a }, whom it watches for, before block { $b }, after which it would be worth nothing
log-tower-too-poor = has { $b } to act for { $a }, where it would offer { $c }
log-tower-watching = watches a channel of { $a } from commitment { $b } on
log-transaction-rejected = rejects transaction { $a }: { $b }
log-transfer = { $a } sends { $c } to { $b }, fee { $d }
log-trust = { $a } takes no chain any more without block { $c } at epoch { $b }
log-unhold = { $a } takes payments again
log-unstake = { $a } asks for its stake back
log-unwatch = { $a } has no watchtower any more
log-watch = { $b } is the watchtower of { $a }
look-at = Look at { $a }
loss = { $a } lost
lost-apart = lost: the two were not connected
lost-chance = lost by chance on its way
lost-cut = lost: the link was cut
lost-off = lost: its receiver was off
lost-share = { $a } lost
mark-cut = link with { $a } cut
mark-found = found block #{ $a }
mark-healed = link with { $a } healed
mark-label = { $a }: { $b }, { $c }
mark-off = switched off
mark-on = switched on
mark-reorg =
    reorg, { $a } { $a ->
        [one] block
       *[other] blocks
    } out
max-fee = Fee at most
memo = Memo
mempool-title = Mempool ({ $a })
merkle-root = Merkle root
message = Message
message-gone = Messages that arrived are kept a while only; this one is no longer here.
message-row = { $a }, { $b } → { $c }
message-title = Message { $a }, { $b } → { $c }
messages-title = Messages ({ $a } in flight)
milliseconds = { $a } ms
mine-again = Mine again
mine-found = Found a nonce after { $a } hashes; { $b } were expected.
mine-stop = Stop mining
mine-tried = Tried { $a } of about { $b } hashes, from nonce 0.
motion = Motion
motion-reduce = Reduced
move-node = Move { $a }
moving-node = Moving { $a }: use the arrow keys, or press where it shall stand. Enter ends it.
network = Network
network-parts = , { $a } separate parts
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
newest-commitment = Newest commitment
news = News
next-block = Next block
next-event = Next event
no-channels = Two nodes lock money once on the chain, pay each other any number of times by signed updates, and settle once.
no-hash-rate = does not mine
no-history = Nothing of it is recorded (any more).
no-payments = No payments
no-payments-yet = A node pays another that it has no channel with, over the channels of others: each hop locks money for the one preimage, or none does.
no-picture = This browser could not make the picture.
no-rules = There is nothing to judge here.
no-sends = No routed payments
no-traffic = No transfers
no-worker = This browser could not start the engine: { $a }
nobody = nobody
nobody-to-pay = There is no other node to pay.
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
node-label-holds = , keeps payments waiting
node-label-misbehaves = , misbehaves
node-label-off = { $a }, switched off
node-label-watches = , watches channels
node-title = Node { $a }
nodes = Nodes
nonce = Nonce
nonce-value = { $a } of { $b }
none = None
not-a-number = { $a } is not a whole number.
not-copied = This browser does not let the page copy; select the text and copy it.
not-evaluated = not evaluated
not-funded = Its funding is not on the heaviest chain.
not-now = not now
not-saved = This run could not be saved in this browser: { $a }. Remove runs that you do not need, or save it as a file.
not-taken-apart = (not taken apart)
note-as-if-new = As if it came to { $a } now, judged by its mempool and by its ledger after block #{ $b }.
note-confirmed-there = It is confirmed in block #{ $a } of this chain, so its nonce is spent there: that it would be refused now is as it should be.
note-genesis = Nothing judges the genesis block: the chain is named after it.
note-invariants-now = Evaluated here and now, for this node. All invariants of the whole network so far: { $a } checks, { $b } violated.
note-judged-by = Judged against its parent, by the tree of { $a } and by the ledger after that parent. Signatures are checked anew.
note-judged-channel = What the parties hold is taken from their own nodes, what the chain has from the ledger of { $a } after block #{ $b }. Signatures are checked anew.
nothing-to-redo = Redo: nothing was undone
nothing-to-undo = Undo: nothing was done by hand
off = off
offence-reported = { $a } brought the evidence in block #{ $b }.
offence-waiting = The evidence waits for somebody’s turn.
offer = Offer
offset = Offset
older = Older blocks
on-best = on the heaviest chain
on-chain = On the heaviest chain
on-its-way = in flight
open-channel = Open a channel
open-file = Open file
open-in-lab = Open in Tabchain
opener-balance = Opener’s balance
owner = Owner
page-bench = Bench
page-broken = Something in Tabchain broke
page-broken-hint = The fault is ours, not yours. What follows says where it is. The run can be downloaded as it was a moment ago, and opened again.
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
palette-find = What to do?
parent = Parent
parties = Parties
party-lost = { $a } has lost what it signed last: it signs nothing any more and asks the other to close.
party-not-watched-yet = { $b } is to watch for { $a }, and has not answered yet.
party-off = { $a } is off.
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
party-watched = { $b } watches for { $a }, and holds commitment { $c }.
passage-arrived = arrived after { $a } ms
passage-label = Message { $a }, { $b } → { $c }, sent at { $d }, { $e }
passage-lost = lost
passed = passed
pause = Pause
pause-expired = a payment expires
pause-penalty = a cheat is punished
pause-reorg = a node leaves two blocks or more
pause-violated = an invariant is violated
pay = Pay
payee = Payee
payer = Payer
payer-knows = What the payer knows
payment-arrived = arrived · fee { $a }
payment-begun = Begun. The list says how it fares.
payment-comes-back = failed · coming back
payment-elsewhere = The panel of payments shows it.
payment-facts = Payment { $a }, begun at { $b }.
payment-failed =
    failed · { $a } { $a ->
        [one] attempt
       *[other] attempts
    }
payment-held = kept waiting by { $a }
payment-no-route = failed · no route
payment-returns = paid · the receipt travels back
payment-state = Now: { $a }.
payment-title = Payment { $a }
payment-under-way = under way · hop { $a } of { $b }
payments = Payments
payments-label = Payments that every node makes by itself through its channels
payments-rate =
    { $a } { $a ->
        [one] payment
       *[other] payments
    } an hour
payments-summary = { $a } under way, { $b } arrived, { $c } failed
payments-table = Payments as a table
payments-waiting = Its payments that wait
peer = Peer
peers = Peers
phase = Phase
picture-title = { $a } at { $b }
place-taken-by = Place taken by
play = Play
play-hint = Space plays and pauses, . and , step an event, b steps to the next block
play-pause = Play or pause
plot = Rates beside their bounds
plot-label = Rates on a logarithmic scale: { $a }
plot-legend = By the second, on a logarithmic scale: each mark is ten times the one before. Grey bars are bounds.
point-at-bytes = Point at bytes or at a field, or go through them with the arrow keys.
policy = Cheats
policy-penalty = lose everything
policy-replace = gain nothing
pool-next-block = The next block would take { $a } of these. A fee of { $b } per 1,000 bytes is enough to be in it, { $c } to wait at all.
pos-interval = Proof of stake · a slot every { $a } s
possible = possible
pow-interval = Proof of work · a block every { $a } s
present-chain = Present the chain
present-channels = Present the channels
present-charts = Present the charts
present-network = Present the network
present-payments = Present the payments
present-space-time = Present space and time
present-view = Present: { $a }
preset-bad-line = A bad line
preset-channels = Cheat and be punished
preset-first-steps = First steps
preset-jam = A jam
preset-majority = 51 against 49 per cent
preset-partition = Fork and heal
preset-pay-and-close = Pay often, settle once
preset-resize = Top up and withdraw
preset-route = Over three hops
preset-rush = A rush for room
preset-slow-links = Slow links, stale blocks
preset-stake = Stake, votes and a liar
preset-theft = A theft while nobody watches
preset-two-keys = Two kinds of keys
preset-watchtower = The same, with a watchtower
presets = Examples
presets-about = Each begins another run. What was shown is gone, unless it was saved or shared.
proof-of-stake = Proof of stake
proof-of-work = Proof of work
publication = Publication
publication-value = { $a } has published commitment { $b }; the newest shown is { $c }; the window ends with block #{ $d }, { $e } to go
publish = Publish
publish-from = Publish from
published-by-it = It has published
qr = QR code of the link
raw-block = The canonical encoding of the block, as it is hashed, stored and sent.
raw-channel = What a side must keep to be paid, one after another: parties and terms of the funding; the newest commitment with both signatures, as it is published; the state that it stands for, as it is settled.
raw-channel-none = No side has a commitment with both signatures yet.
raw-empty-slot = The bytes are still travelling; until they arrive the world waits for them.
raw-lost = What was lost is not kept, only what it was about.
raw-message = The bytes on the wire.
raw-node = The status message that this node sends now: on connecting, and every ten seconds.
raw-payment = A payment is not one thing with an encoding: its channels and transactions are.
raw-transaction = The canonical encoding of the transaction, as it is hashed and sent.
really-happened = What really happened
redo = Redo
reload = Begin again
reserve = Reserve
revoked-by-it = Commitments it has revoked
reward = Reward
reward-value = { $a } to { $b }
rewind = Rewind to the start
room = Room
room-at-node = joined
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
room-is-node = node
room-join-node = Join this node
room-keeps-clock = host
room-leave = Leave the room
room-leave-node = Leave the node
room-legend = {" "}· dashed outline with a letter: a node of another tab, or a native one
room-link-is = Open this in another tab of this browser: { $a }
room-log = { $a } % of the room's log is used. When it is full, this tab goes on by itself.
room-node = { $a } of tab { $b }, { $c }, follows block { $d }
room-node-away = the node does not answer
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
room-title-node = Node { $a }
room-who = Who is here
room-why-left-node = Detached: what you see is a private copy, and the network of { $a } goes on without it.
room-why-log-full = Detached: the log of what other tabs said in { $a } is full, so this tab goes on by itself. Rejoin begins a fresh one.
room-why-rewound = Detached: what you see is a private copy, and room { $a } goes on without it.
room-why-room-full = Room { $a } is full: sixteen tabs are there. This tab goes on by itself.
room-you = this tab
rule-adjudicator = Channel
rule-bad-commitment = Commitment: { $a } carries the signatures of both parties
rule-bad-evidence = Evidence: both messages are signed by whom it accuses
rule-bad-seal = Seal: signed by its proposer
rule-bad-signature = Signatures: of everybody who must sign { $a }, for this chain
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
rule-channel-terms = Terms of the channel
rule-channel-window = Dispute window: next block { $a } ≤ its end { $b }
rule-cost-overflow = Cost: amount { $a } + fee { $b } can exist
rule-fee-too-low = Least fee: { $a } ≥ { $b }, the least for { $c } bytes
rule-insufficient-balance = Balance: { $a } ≥ amount { $b } + fee { $c }
rule-insufficient-work = Work: hash { $a } ≤ target { $b } ({ $c } hashes expected)
rule-known-invalid = Not known as invalid: neither it nor its parent
rule-node-peers = Peers: { $a } ≤ { $b }
rule-node-pool = Mempool: { $a } bytes ≤ { $b }
rule-node-reconnect = Undo and redo (3): block #{ $a } taken back and applied again gives the same ledger
rule-node-state-root = State root: ledger { $a } = header of its tip { $b }
rule-node-supply = Supply (1): all that is owned { $a } = supply { $b }
rule-nonce-too-far = Nonce not too far: { $a } ≤ next { $b } + { $c }
rule-not-a-slot = Time: a slot begins then, after the parent’s
rule-not-the-leader = Leader: the proposer leads its slot
rule-overspent = All its waiting transactions: { $a } ≤ balance { $b }
rule-pool-full = Room in the mempool, or it pays more than what must go
rule-pool-wrong-nonce = Nonce not spent: { $a } ≥ the account’s next { $b }
rule-replacement-underpriced = Replacement: fee { $a } ≥ { $b }, needed to replace { $c }
rule-slot = Slot: all { $a } bytes have arrived
rule-stake-terms = Terms of the vote or the evidence
rule-step-close = Close together: by commitment { $a }, { $b } gets { $c } and { $d } { $e }, if both sign
rule-step-publish = Publish: { $a } shows commitment { $b }
rule-step-punish = Punish: { $a } shows the secret of commitment { $b }
rule-step-refute = Refute: commitment { $a }, held by { $b }
rule-step-settle = Settle: by commitment { $a }, { $b } gets { $c } and { $d } { $e }
rule-supply-exceeded = Supply cap: issued { $a } + subsidy { $b } ≤ { $c }
rule-timestamp-too-new = Not from the future: timestamp { $a } ≤ now and the allowed drift { $b }
rule-timestamp-too-old = Timestamp: { $a } > median of the last eleven { $b }
rule-too-large = Size: { $a } bytes ≤ { $b }
rule-unknown-parent = Parent: { $a } is known, with its body
rule-validators = Validators
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
rule-wrong-consensus = Consensus: the seal is of this chain’s kind
rule-wrong-height = Height: { $a } = one above its parent { $b }
rule-wrong-merkle-root = Merkle root: header { $a } = over the body { $b }
rule-wrong-nonce = Nonce: { $a } = the account’s next { $b }
rule-wrong-reveal = Reveal: the secret is the one that the proposer had committed to
rule-wrong-state-root = State root: header { $a } = after the block { $b }
rule-wrong-target = Target: { $a } ({ $c } hashes expected) = by the retarget rule { $b } ({ $d } hashes expected)
rule-wrong-version = Version: { $a } = { $b }
rule-zero-amount = Amount: at least 1 base unit
run-seed = Seed { $a }
runs = This run
said-above-maximum = { $a } says that { $b } → { $c } carries at most { $d }.
said-bad-packet = { $a } says that it cannot read its instructions.
said-below-minimum = { $a } says that { $b } → { $c } carries at least { $d }.
said-cancelled = { $a } gave it back.
said-delta-too-small = { $a } says that it asks { $e } blocks between the expiries, and was left { $d }.
said-expired = { $a } says that nobody claimed it in time.
said-expires-too-late = { $a } says that it expires too late.
said-expires-too-soon = { $a } says that it expires too soon.
said-fee-too-low = { $a } says that it asks a fee of { $e }, and was left { $d }.
said-insufficient = { $a } says that { $b } → { $c } cannot carry so much now. How much it could, it does not say.
said-not-ready = { $a } says that its channel from { $b } to { $c } cannot be used now.
said-too-many-htlcs = { $a } says that { $b } → { $c } has no room for one more pending payment.
said-unknown-channel = { $a } says that it has no such channel to { $c }.
said-unknown-payment = { $a } says that it expects no such payment.
said-wrong-amount = { $a } says that it expects { $d }.
save-capsule = Save
save-csv = Save as CSV
save-picture = Save a picture: { $a }
saved-at = { $a }, saved { $b }
saved-damaged = A damaged run
saved-open = Open “{ $a }”
saved-remove = Remove “{ $a }”
saved-runs = Saved in this browser
says = Says
scenario-about = This run from its beginning, with everything that was done to it. Change it and begin anew.
scenario-good = This is a good scenario.
scheme = Scheme
scheme-ed25519 = Ed25519: keys of { $a } bytes, signatures of { $b }
scheme-rsa = RSA, { $c } bits: keys of { $a } bytes, signatures of { $b }
second-message = Second
seed = Seed
seeking = seeking
send = Send
send-payment = Pay over a route
send-transfer = Send a transfer
sends-label = Payments that every node with a channel makes by itself over routes
sends-rate = { $a } routed an hour
sent = { $a } to { $b } sent, fee { $c }. It waits in the mempool until a block takes it.
sent-at = Sent
settings-kept = Kept by this browser; nothing leaves it.
share = Share
share-about = The run, its place in time and what is selected. Whoever opens it sees the same, bit for bit; it is never sent to a server.
share-link = Link ({ $a } characters)
share-long = As a link this run has { $a } characters, more than the { $b } that work everywhere. Share it as a file.
share-of-stake = Share
share-title = Share this moment
short-record = The record does not reach back to the first cause: what was before is no longer kept.
show = Show
show-in-lab = Show in the lab
side = Side
sides = Sides of what is selected
single-keys = Keys of one letter work
size = Size
slot-coming = Slot { $a } of epoch { $d }, led by { $b }: it has not begun; votes { $c }
slot-made = Slot { $a } of epoch { $d }, led by { $b }: its block is there; votes { $c }
slot-missed = Slot { $a } of epoch { $d }, led by { $b }: no block; votes { $c }
slots = Slots of the last epoch and of this one
slow-down = Slow down while messages travel
some-broken = { $c } of { $b } rules failed.
some-open = { $a } of { $b } rules passed, { $d } could not be evaluated.
space-time = Space and time
space-time-forgotten = ; what ended before { $a } may be forgotten
space-time-hide = Hide space and time
space-time-items = Messages and marks, by time
space-time-legend = now is at the right · thick: blocks · thin: transactions · dashes: channels and announcements · dots: all else · dot: arrived · ✕ half the way: lost · on the lanes: ■ block found, ▲ reorg, ▶ on, ‖ off, ✕ cut, + healed
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
space-time-table = Space and time as a table
space-time-window = Length of the window
speed = Speed
speed-to = Speed { $a }
spent = Sent
split = Split in two
stage-committed = locked
stage-failed = failed
stage-fulfilled = paid
stage-offered = being offered
stage-waiting = not there
stake = Stake
stake-form = Stake and unstake
stake-money = Stake
stake-summary = slot { $a } of epoch { $b }: epoch { $c } justified, epoch { $d } final, on { $e }’s chain
start-mining = Start mining
start-mining-at = Start mining at { $a }
start-node = Start { $a }
state = State
state-root = State root
status-abandoned = never funded
status-burial = funding under { $a } of { $b } blocks
status-closed = closed
status-closing = closing
status-disputed = disputed
status-lost = one side lost its state
status-open = open · commitment { $a }
status-open-pending = open · commitment { $a } · { $b } pending
status-opening = opening
status-punished = punished
status-resized = resized
status-resizing = being resized
status-settled = settled
status-window =
    disputed · { $a } { $a ->
        [one] block
       *[other] blocks
    } left
step-back = One event back
step-block = On to the next block
step-event = One event on
steps-about = Each step as its party would bring it to the judge’s next block, put to the adjudicator. Fees are left aside.
steps-title = Possible steps
stop-mining = Stop mining
stop-mining-at = Stop mining at { $a }
stop-node = Stop { $a }
switched-off =
    Switched off. What it stored stays: { $a } { $a ->
        [one] block
       *[other] blocks
    }.
tab-edit = Edit
tab-history = History
tab-raw = Raw bytes
tab-rules = Rules
tab-summary = Summary
tab-why = Why
take-up-future = Back to the future left at { $a } (seen to { $b })
takes-place-of = Takes the place of
target = Target
terms = Terms
terms-value =
    dispute window { $a } { $a ->
        [one] block
       *[other] blocks
    }; cheats { $b }; reserve { $c } each; funding valid up to block #{ $d }
theme = Colours
theme-dark = Dark
theme-light = Light
theme-system = As the system
things-title = Contents ({ $a })
time = Time
time-ms = Time, ms
timeline = Timeline
times = Times
tip = Follows
tip-below = ‹ { $a } at #{ $b }
title = Tabchain
title-bench = Bench – Tabchain
title-explore = Explore · Tabchain
title-settings = Settings · Tabchain
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
transaction-gone = No node that is on has this transaction waiting or in one of its last blocks.
transaction-id = Id
transaction-title = Transaction { $a }
transactions = Transactions
transactions-title = Transactions ({ $a })
transport = Play and step
truth-as-told = Nothing was hidden from it: that is all.
truth-no-channel = { $a } and { $b } have no such channel any more.
truth-no-way = No way of usable channels led there at that time.
truth-not-ready = The channel of { $a } and { $b } was closing, not confirmed, or one of them was away. { $a } had { $d } there, { $c } were needed.
truth-short = { $a } had { $d } to pay { $b } with, { $c } were needed: { $e } too little.
truth-terms = { $a } had { $d } to pay { $b } with, { $c } were needed: its terms stood in the way, not its balance.
truth-wide-enough = { $a } could have carried { $b } at that time, fees aside; the payer could not know.
truth-widest = No way could carry it. The widest, { $a }, could carry { $b } at that time, fees aside: { $c } had no more to pay { $d } with.
two-messages = The two signed messages
undo = Undo
unknown = unknown
unknown-block-title = Block { $a }
unknown-channel-title = Channel { $a }
unpaid-attempts = Too many routes have failed.
unpaid-capacity = By its own balances and by what is announced, at most { $b } can reach the payee, not { $a }.
unpaid-expiry-limit = A route may take { $a } blocks, at most { $b } are allowed.
unpaid-failed-lately = There is no other route for { $a }: after what failed lately, at most { $b } of the announced { $c } can be hoped for.
unpaid-fee-limit = A route costs a fee of { $a }, at most { $b } is allowed.
unpaid-gave-up = No route was found among { $a } ways.
unpaid-hop-limit = A route takes { $a } hops, at most { $b } are allowed.
unpaid-limits = A route takes { $a } hops, { $b } blocks and a fee of { $c }: beyond several limits.
unpaid-minimum = No way carries as little as { $a }, but one carries { $b }.
unpaid-no-channel = The payer has no channel to pay from.
unpaid-no-way = No way of announced channels leads from the payer to the payee.
unpaid-nothing-to-pay = There is nothing to pay.
unpaid-own-funds = None of the payer’s channels can pay { $a }: the best can pay { $b }.
unpaid-to-oneself = Payer and payee are one.
unpaid-unknown-payee = The payee has no channel on the chain.
unstake-money = Unstake
use-loopback = Hand messages over directly
validator = Validator
validator-leaves = leaves with epoch { $a }
validator-slashed = slashed
validator-voted = has voted in this epoch
validator-waits = has not voted yet
validators = Validators
waits-at =
    Waits at { $a } ({ $b } { $b ->
        [one] node
       *[other] nodes
    })
waits-burial = { $a } waits for blocks on the funding: { $b } of { $c }.
waits-expiry = { $a } waits for the chain to decide a payment, at block #{ $b } at the latest: { $c } to go.
waits-htlcs =
    { $a } waits for { $b } pending { $b ->
        [one] payment
       *[other] payments
    }.
waits-inclusion = { $a } waits for a block with the transaction “{ $b }”.
waits-message = { $a } waits for the message “{ $b }”.
waits-nothing = { $a } waits for nothing.
waits-resumption = { $a } waits to hear where the other side stands.
waits-successor = { $a } waits for the channel that takes its place, up to block #{ $b }.
waits-turn = { $a } waits for its turn.
waits-window = { $a } waits for the end of the dispute window at block #{ $b }: { $c } to go.
watch-bad-line = One message in five is lost on the way to Alpha. Watch it ask again, catch up and lose blocks, and the transfers arrive all the same.
watch-channels = At three and a half minutes Alice publishes an old state that was better for her. Carol sees it, shows the revocation, and takes the whole channel.
watch-first-steps = Three nodes, three transfers: watch each wait in the mempools until a block takes it, and the blocks travel on to Carol, who only listens.
watch-jam = Mallory sends payments that Oscar never takes. They fill the channel between Bob and Carol until they expire, and now and then a payment of Alice finds no room.
watch-majority = Two halves of almost the same strength mine apart for six minutes. At seven they meet: whoever has done a little less loses everything since, with the transfers in it.
watch-partition = After a minute the network is cut in two and both halves mine; after four it heals, and one half has to undo its blocks.
watch-pay-and-close = Alice and Bob pay each other five hundred times and close. The chain sees two transactions: the funding and the close.
watch-resize = Alice tops up a channel and Bob later withdraws from it: each time one transaction puts another channel in its place, and only the difference moves.
watch-route = Alice pays Dave over the channels of Bob and Carol. Watch money being locked hop by hop on the way there, and released by the preimage on the way back.
watch-rush = 160 transfers at once, and small blocks. Look at a node’s mempool: who pays more goes first, who pays least waits for several blocks.
watch-slow-links = Blocks take seconds to arrive, so several nodes find one at the same height: watch more than a third of all work go stale.
watch-stake = Five validators take turns by stake, with a slot every ten seconds, and vote once in eight slots. Foxtrot becomes one, too. Delta then votes twice, and Echo makes two blocks for one slot: whoever shows both messages to the chain gets a share of the stake they lose.
watch-theft = Mallory waits until Alice is off, publishes the oldest state, and sits out the dispute window: it takes back what it had paid.
watch-two-keys = Alice signs with Ed25519, Bob with RSA of 2048 bits, Carol with 4096. Look at a transfer of each: the same payment has 0.2, 0.6 or 1.1 kB, and takes as much room in a block.
watch-watchtower = The same theft, but Tower watches for Alice while she is off: Mallory loses everything.
what = What
while-presenting = While a view is presented
who-pays = Who
who-stakes = Who
why-awaits-signature = The opener’s signature is not here yet.
why-coinbase-broken = The coinbase is wrong, so it is not paid.
why-htlc-pending = The chain has not seen the preimage, and it is not too late for it.
why-invalid-parent = A block below it is invalid.
why-no-bytes = Its bytes have not arrived yet.
why-no-parent = The judge has no parent of it.
why-no-proposer = The proposer is no validator there.
why-no-record = The judge’s ledger has no such channel: it is not funded there, or it is over.
why-no-secret = It was not revoked: nobody has its secret.
why-no-state = Nobody who is on knows what this commitment stands for.
why-node-off = The node is switched off.
why-not-buried = Payments wait until it is.
why-party-unknown = A party’s node is off, or does not have the channel.
why-supply-broken = The supply would be exceeded.
why-too-deep = More than 300 blocks would have to be undone; rewind the time to judge it.
why-too-large = It is too large to be read.
why-transaction-broken = A transaction before it cannot be applied.
why-undecodable = It cannot be read.
why-window-over = The window is over: it can be settled.
why-wrong-consensus = The seal is of another kind of consensus.
window = Window, blocks
window-20 = the last 20 s
window-300 = the last 5 min
window-5 = the last 5 s
window-60 = the last minute
work = Work
work-value = { $a } hashes expected
