//! The engine in a room: the session is pumped with it, the host's clock leads a guest, and leaving the present leaves the room.

use super::{Engine, Refusal, SPEEDS, now_ms};
use crate::{
    primitives::Timestamp,
    room::{Change, Invitation, Pace, Role, RoomName, Session, TabId, Why},
    view::{Focus, RoomView},
    web::{
        protocol::Request,
        room::{NodeChannel, RoomChannel, host, random, wall},
        worker,
    },
};

/// Hashes per second at most that a newcomer at a native node makes: what a tab can spare. Of the network's, a tenth.
const MAX_SPARE_RATE: u64 = 500_000;
const SHARE: u64 = 10;

/// A room and its channel.
pub(super) struct InRoom {
    session: Session,
    channel: Channel,
}

/// What carries posts.
enum Channel {
    Tabs(RoomName, RoomChannel),
    Node(NodeChannel),
}

impl InRoom {
    fn open(name: &str) -> Result<Self, Refusal> {
        let name: RoomName = name.parse().map_err(|error| Refusal::new("room-name", error))?;
        let channel = RoomChannel::open(&name.channel(), worker::wake)
            .map_err(|error| Refusal::new("no-channel", format!("{error:?}")))?;
        let session = Session::open(name.clone(), tab(), random(), wall());
        Ok(Self { session, channel: Channel::Tabs(name, channel) })
    }

    fn at_node(invitation: Invitation) -> Self {
        let spare = (invitation.expected_rate() / SHARE).clamp(1, MAX_SPARE_RATE);
        let rates = [u32::try_from(spare).unwrap_or(u32::MAX), 0, 0];
        let tab = tab();
        let session = Session::at_node(host(), tab, random(), rates, wall());
        Self { session, channel: Channel::Node(NodeChannel::open(tab, invitation, worker::wake)) }
    }

    fn post(&mut self) {
        for post in self.session.take_posts() {
            match &self.channel {
                Channel::Tabs(_, channel) => channel.post(&post),
                Channel::Node(channel) => channel.post(&post),
            }
        }
    }

    /// Hands the session what has come.
    fn take(&mut self) {
        match &self.channel {
            Channel::Tabs(_, channel) => {
                while let Some(post) = channel.next() {
                    match post {
                        Some(bytes) => self.session.receive(bytes),
                        None => self.session.refuse(),
                    }
                }
            }
            Channel::Node(channel) => {
                while let Some(bytes) = channel.next() {
                    self.session.receive(bytes);
                }
            }
        }
    }

    fn name(&self) -> Option<&RoomName> {
        match &self.channel {
            Channel::Tabs(name, _) => Some(name),
            Channel::Node(_) => None,
        }
    }
}

/// A number for this tab that no other has; the lowest two are nobody's.
fn tab() -> TabId {
    TabId(random().max(2))
}

fn changes_pace(request: &Request) -> bool {
    matches!(request, Request::Pause | Request::Speed { .. } | Request::StepEvent | Request::StepBlock)
}

impl Engine {
    /// What a request means in a room. True if it is done with; otherwise it is carried out as always.
    pub(super) fn in_room(&mut self, request: &Request) -> Result<bool, Refusal> {
        match request {
            Request::OpenRoom { name } => self.open_room(name).map(|()| true),
            Request::LeaveRoom => {
                self.leave_room();
                Ok(true)
            }
            Request::Rejoin => {
                self.rejoin();
                Ok(true)
            }
            request => match self.role() {
                None => Ok(false),
                // A native node lives in real time: whoever wants another leaves it.
                Some(_) if self.is_at_node() && changes_pace(request) => {
                    self.detach(Why::Rewound);
                    Ok(false)
                }
                Some(role) => self.as_member(role, request),
            },
        }
    }

    /// Leaving the present leaves the room; a guest's time is the host's to change.
    fn as_member(&mut self, role: Role, request: &Request) -> Result<bool, Refusal> {
        match (role, request) {
            (_, Request::Seek { time }) if *time == self.world().now() => Ok(true),
            (
                _,
                Request::Seek { .. }
                | Request::SeekEvent { .. }
                | Request::StepBack
                | Request::Branch { .. }
                | Request::Undo
                | Request::Redo,
            ) => {
                self.detach(Why::Rewound);
                Ok(false)
            }
            (Role::Host, _) => Ok(false),
            (
                Role::Seeking,
                Request::Act { .. } | Request::Publish { .. } | Request::StepEvent | Request::StepBlock,
            ) => Err(Refusal::new("room-seeking", "this tab is joining the room")),
            (Role::Seeking, _) => Ok(false),
            (Role::Guest, Request::StepEvent | Request::StepBlock) => {
                Err(Refusal::new("room-guest", "only the host steps the room on; detach to step by yourself"))
            }
            (Role::Guest, Request::Play | Request::Pause) => {
                self.ask_host(Some(matches!(request, Request::Play)), None);
                Ok(true)
            }
            (Role::Guest, Request::Speed { percent }) => {
                self.ask_host(None, Some((*percent).clamp(SPEEDS.0, SPEEDS.1)));
                Ok(true)
            }
            (Role::Guest, _) => Ok(false),
        }
    }

    /// Reads what was posted and does what is due in the room.
    pub(super) fn pump_room(&mut self) {
        let live = self.is_live();
        let reached = self.achieved.map_or(self.speed, |achieved| achieved.min(self.speed));
        let pace = Pace { playing: self.playing, speed: self.speed, reached };
        let Some(room) = &mut self.room else {
            return;
        };
        room.take();
        let changes = room.session.pump(wall(), pace, &mut self.timeline);
        room.post();
        for change in changes {
            self.on_change(change, live);
        }
        self.follow_clock();
    }

    /// What the world has sent to other tabs goes out.
    pub(super) fn flush_room(&mut self) {
        if let Some(room) = &mut self.room {
            room.session.flush(&mut self.timeline);
            room.post();
        }
    }

    /// How far this tab's world may go, if another keeps the clock.
    pub(super) fn room_target(&self) -> Option<Timestamp> {
        self.room.as_ref()?.session.target(wall(), self.world())
    }

    /// What can be seen of the room, counted.
    pub(super) fn room_revision(&self) -> u64 {
        self.room.as_ref().map_or(0, |room| room.session.revision())
    }

    pub(super) fn room_view(&self) -> Option<RoomView> {
        let view =
            |room: &InRoom| RoomView::of(&room.session, room.name().map(RoomName::channel), self.world(), wall());
        self.room.as_ref().map(view)
    }

    /// Another run begins: this tab has nothing to do with the room any more.
    pub(super) fn leave_room(&mut self) {
        if let Some(mut room) = self.room.take() {
            room.session.part(&mut self.timeline);
            room.post();
            self.set_anchor();
        }
    }

    fn is_at_node(&self) -> bool {
        self.room.as_ref().is_some_and(|room| room.name().is_none())
    }

    fn role(&self) -> Option<Role> {
        self.room.as_ref()?.session.role()
    }

    fn open_room(&mut self, name: &str) -> Result<(), Refusal> {
        if let Some(room) = &self.room
            && room.name().is_some_and(|own| own.as_str() == name)
        {
            if room.session.detached().is_some() {
                self.rejoin();
            }
            return Ok(());
        }
        let room = InRoom::open(name)?;
        self.enter(room);
        Ok(())
    }

    /// Joins the native node that serves this page and has just said this.
    pub(in crate::web) fn join_node(&mut self, invitation: Invitation) {
        let room = InRoom::at_node(invitation);
        self.enter(room);
    }

    fn enter(&mut self, room: InRoom) {
        self.leave_room();
        // What is on its way to another time is given up: a room has one present.
        self.goal = None;
        self.room = Some(room);
    }

    fn rejoin(&mut self) {
        self.goal = None;
        if let Some(room) = self.room.as_mut().filter(|room| room.session.detached().is_some()) {
            room.session.rejoin(wall());
        }
    }

    fn detach(&mut self, why: Why) {
        if let Some(room) = &mut self.room {
            room.session.detach(why, &mut self.timeline);
            room.post();
        }
    }

    fn ask_host(&mut self, playing: Option<bool>, speed: Option<u32>) {
        if let Some(room) = &mut self.room {
            room.session.ask(playing, speed);
            room.post();
        }
    }

    fn on_change(&mut self, change: Change, live: bool) {
        match change {
            Change::Joined => {
                (self.focus, self.goal, self.waiting) = (Focus::default(), None, false);
                self.begin_epoch();
                self.choose_carrier(live);
                self.set_anchor();
            }
            Change::TookOver(time) => {
                self.set_playing(self.playing);
                self.anchor = (now_ms(), time.max(self.world().now()));
            }
            Change::Asked { playing, speed } => {
                self.speed = speed.unwrap_or(self.speed);
                self.set_playing(playing.unwrap_or(self.playing));
            }
            Change::Founded | Change::Slept | Change::Detached(_) => self.set_anchor(),
        }
    }

    /// A guest shows what the host plays at.
    fn follow_clock(&mut self) {
        let Some(room) = self.room.as_ref().filter(|room| room.session.role() == Some(Role::Guest)) else {
            return;
        };
        let clock = room.session.clock();
        (self.speed, self.goal) = (clock.speed, None);
        if self.playing != clock.playing {
            (self.playing, self.achieved) = (clock.playing, None);
            self.measured = (now_ms(), self.world().now());
        }
    }
}
