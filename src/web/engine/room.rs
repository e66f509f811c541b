//! The engine in a room: the session is pumped with it, the host's clock leads a guest, and leaving the present leaves the room.

use super::{Engine, Refusal, SPEEDS, now_ms};
use crate::{
    primitives::Timestamp,
    room::{Change, Pace, Role, Session, TabId, Why},
    view::{Focus, RoomView},
    web::{
        protocol::Request,
        room::{RoomChannel, random, wall},
        worker,
    },
};

/// A room and its channel.
pub(super) struct InRoom {
    session: Session,
    channel: RoomChannel,
}

impl InRoom {
    fn open(name: &str) -> Result<Self, Refusal> {
        let name: crate::room::RoomName = name.parse().map_err(|error| Refusal::new("room-name", error))?;
        let channel = RoomChannel::open(&name.channel(), worker::wake)
            .map_err(|error| Refusal::new("no-channel", format!("{error:?}")))?;
        let session = Session::open(name, TabId(random().max(1)), random(), wall());
        Ok(Self { session, channel })
    }

    fn post(&mut self) {
        for post in self.session.take_posts() {
            self.channel.post(&post);
        }
    }
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
        while let Some(post) = room.channel.next() {
            match post {
                Some(bytes) => room.session.receive(bytes),
                None => room.session.refuse(),
            }
        }
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
        self.room.as_ref().map(|room| RoomView::of(&room.session, self.world(), wall()))
    }

    /// Another run begins: this tab has nothing to do with the room any more.
    pub(super) fn leave_room(&mut self) {
        if let Some(mut room) = self.room.take() {
            room.session.part(&mut self.timeline);
            room.post();
            self.set_anchor();
        }
    }

    fn role(&self) -> Option<Role> {
        self.room.as_ref()?.session.role()
    }

    fn open_room(&mut self, name: &str) -> Result<(), Refusal> {
        if let Some(room) = &self.room
            && room.session.name().as_str() == name
        {
            if room.session.detached().is_some() {
                self.rejoin();
            }
            return Ok(());
        }
        let room = InRoom::open(name)?;
        self.leave_room();
        // What is on its way to another time is given up: a room has one present.
        self.goal = None;
        self.room = Some(room);
        Ok(())
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
