//! The orders of lists as GraphQL enums.

use async_graphql::Enum;

use crate::domain::order::{Direction, Order, SortField};

macro_rules! order {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            /// By key, smallest first.
            KeyAsc,
            /// By key, largest first.
            KeyDesc,
            /// By name, smallest first; equal names by key.
            NameAsc,
            /// By name, largest first; equal names by key.
            NameDesc,
            /// By the time of the first storing, oldest first.
            CreatedAtAsc,
            /// By the time of the first storing, newest first.
            CreatedAtDesc,
            /// By the time of the last change, oldest first.
            UpdatedAtAsc,
            /// By the time of the last change, newest first.
            UpdatedAtDesc,
        }

        impl From<$name> for Order {
            fn from(order: $name) -> Self {
                let (field, direction) = match order {
                    $name::KeyAsc => (SortField::Key, Direction::Ascending),
                    $name::KeyDesc => (SortField::Key, Direction::Descending),
                    $name::NameAsc => (SortField::Name, Direction::Ascending),
                    $name::NameDesc => (SortField::Name, Direction::Descending),
                    $name::CreatedAtAsc => (SortField::CreatedAt, Direction::Ascending),
                    $name::CreatedAtDesc => (SortField::CreatedAt, Direction::Descending),
                    $name::UpdatedAtAsc => (SortField::UpdatedAt, Direction::Ascending),
                    $name::UpdatedAtDesc => (SortField::UpdatedAt, Direction::Descending),
                };
                Self { field, direction }
            }
        }
    };
}

order! {
    /// How communities are sorted. All text compares by its UTF-8 bytes.
    CommunityOrder
}
order! {
    /// How members are sorted. All text compares by its UTF-8 bytes.
    MemberOrder
}
order! {
    /// How assets are sorted. All text compares by its UTF-8 bytes.
    AssetOrder
}
