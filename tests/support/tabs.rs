//! Tabs of a room without a browser: sessions, a channel that may lose, garble and repeat, and a wall clock that is told to go on.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    primitives::{Hash, Timestamp},
    room::{Change, Pace, Role, RoomName, Session, TabId, Wall},
    sim::{Scenario, Step, Timeline, World},
};

use super::lab::Numbers;

/// Real milliseconds between two pumps.
pub const TICK: u64 = 20;

/// One tab.
pub struct Tab {
    pub session: Session,
    pub timeline: Timeline,
    pub pace: Pace,
    pub changes: Vec<Change>,
    pub asleep: bool,
    /// Every time that its room clock showed, to see that it never goes back.
    pub announced: Timestamp,
    anchor: (Wall, Timestamp),
}

/// Tabs and what is between them.
pub struct Room {
    pub now: Wall,
    pub tabs: Vec<Option<Tab>>,
    /// Posts in a thousand that are lost, garbled, sent twice.
    pub faults: [usize; 3],
    pub numbers: Numbers,
    /// Everything posted, when it is kept.
    pub posted: Option<Vec<Vec<u8>>>,
}

impl Room {
    pub fn new(seed: u64) -> Self {
        Self { now: Wall(1_700_000_000_000), tabs: Vec::new(), faults: [0; 3], numbers: Numbers(seed), posted: None }
    }

    /// Opens the room in another tab, with this run at hand.
    pub fn open(&mut self, scenario: Scenario) -> usize {
        let number = 100 - self.tabs.len() as u64;
        self.open_as(number, scenario)
    }

    pub fn open_as(&mut self, tab: u64, scenario: Scenario) -> usize {
        let name: RoomName = "test".parse().expect("a name");
        let session = Session::open(name, TabId(tab), 1_000 + tab, self.now);
        let timeline = Timeline::new(World::new(scenario));
        let pace = Pace { playing: true, speed: 1_000, reached: 1_000 };
        let anchor = (self.now, Timestamp(0));
        let announced = Timestamp(0);
        self.tabs.push(Some(Tab { session, timeline, pace, changes: Vec::new(), asleep: false, announced, anchor }));
        self.tabs.len() - 1
    }

    pub fn tab(&mut self, index: usize) -> &mut Tab {
        self.tabs[index].as_mut().expect("open")
    }

    /// The tab closes, saying so or not.
    pub fn close(&mut self, index: usize, says_so: bool) {
        let tab = self.tabs[index].take().expect("open");
        if says_so {
            self.broadcast(index, vec![tab.session.farewell()]);
        }
    }

    /// Lets real time pass.
    pub fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / TICK {
            self.now = self.now.after(TICK);
            for index in 0..self.tabs.len() {
                let Some(tab) = self.tabs[index].as_mut().filter(|tab| !tab.asleep) else {
                    continue;
                };
                let posts = tab.pump(self.now);
                self.broadcast(index, posts);
            }
        }
    }

    /// Lets time pass until something holds; false if it does not within a minute.
    pub fn pass_until(&mut self, holds: impl Fn(&mut Self) -> bool) -> bool {
        (0..600).any(|_| {
            self.pass(100);
            holds(self)
        })
    }

    pub fn broadcast(&mut self, from: usize, posts: Vec<Vec<u8>>) {
        for post in posts {
            if let Some(posted) = &mut self.posted {
                posted.push(post.clone());
            }
            for at in (0..self.tabs.len()).filter(|at| *at != from) {
                let Some(tab) = &mut self.tabs[at] else { continue };
                let [lost, garbled, twice] = self.faults;
                let mut bytes = post.clone();
                if self.numbers.below(1_000) < garbled {
                    let place = self.numbers.below(bytes.len());
                    bytes[place] ^= 1 << self.numbers.below(8);
                }
                if self.numbers.below(1_000) < twice {
                    tab.session.receive(bytes.clone());
                }
                if self.numbers.below(1_000) >= lost {
                    tab.session.receive(bytes);
                }
            }
        }
    }

    pub fn roles(&self) -> Vec<Option<Role>> {
        self.tabs.iter().map(|tab| tab.as_ref().and_then(|tab| tab.session.role())).collect()
    }
}

impl Tab {
    fn pump(&mut self, now: Wall) -> Vec<Vec<u8>> {
        let before = self.timeline.world().now();
        let changes = self.session.pump(now, self.pace, &mut self.timeline);
        for change in &changes {
            match change {
                Change::Founded | Change::Detached(_) => self.anchor = (now, self.timeline.world().now()),
                Change::TookOver(time) => {
                    let clock = self.session.clock();
                    self.pace = Pace { playing: clock.playing, speed: clock.speed, reached: clock.reached };
                    self.anchor = (now, *time);
                }
                Change::Asked { playing, speed } => {
                    self.pace.playing = playing.unwrap_or(self.pace.playing);
                    self.pace.speed = speed.unwrap_or(self.pace.speed);
                    self.pace.reached = self.pace.speed;
                    self.anchor = (now, self.timeline.world().now());
                }
                Change::Joined | Change::Slept => {}
            }
        }
        if !changes.contains(&Change::Joined) {
            assert!(self.timeline.world().now() >= before, "a world never goes back");
        }
        self.changes.extend(changes);
        let target = self.session.target(now, self.timeline.world()).unwrap_or_else(|| {
            let passed = now.since(self.anchor.0) * u64::from(self.pace.speed) / 100;
            if self.pace.playing { self.anchor.1.after(passed) } else { self.timeline.world().now() }
        });
        while let Step::Done(_) | Step::Searching = self.timeline.step(target) {}
        self.session.flush(&mut self.timeline);
        self.session.take_posts()
    }

    pub fn world(&self) -> &World {
        self.timeline.world()
    }

    /// The heaviest tip of its nodes, and its height.
    pub fn tip(&self) -> (Hash, u64) {
        let best = self.world().running().map(|(_, node)| node.chain()).max_by_key(|chain| chain.height());
        best.map_or((Hash::ZERO, 0), |chain| (chain.tip(), chain.height().0))
    }

    /// Names of nodes that found blocks of its best chain.
    pub fn miners(&self) -> Vec<String> {
        let world = self.world();
        let (_, node) = world.running().max_by_key(|(_, node)| node.chain().height()).expect("a node is on");
        let blocks = node.chain().best().iter().filter_map(|id| node.chain().tree().block(id));
        blocks.filter_map(|block| world.name_of(&block.coinbase.to)).map(str::to_owned).collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.world().nodes().iter().map(|sim| sim.name.clone()).collect()
    }
}
