//! Assets as they are read cell by cell.

use entity::asset::{Column, Entity};

use super::Result;
use super::cells::{Cell, Cells};
use crate::domain::asset::{Asset, AssetContent};
use crate::domain::columns::Columns;
use crate::domain::community::CommunityRef;
use crate::domain::member::MemberRef;

type AssetCell = Cell<(Entity, Column)>;

/// What is said of an asset, of free data what is asked for.
pub(super) fn of_content(columns: Columns) -> Vec<AssetCell> {
    let free = |which, column| {
        if columns.contains(which) { Cell::Text((Entity, column)) } else { Cell::Unread }
    };
    vec![
        Cell::Text((Entity, Column::Key)),
        Cell::Text((Entity, Column::AssetType)),
        Cell::Text((Entity, Column::Name)),
        Cell::Optional((Entity, Column::SensorId)),
        free(Columns::ASSET_PROPERTIES, Column::Properties),
        free(Columns::ASSET_DEVICE, Column::Device),
        free(Columns::ASSET_RELATIONSHIPS, Column::Relationships),
        free(Columns::ASSET_EXTRA, Column::Extra),
    ]
}

/// Reads the cells of [`of_content`].
///
/// # Errors
/// When they are not what was selected.
pub(super) fn content(cells: &mut Cells<'_>) -> Result<AssetContent> {
    Ok(AssetContent {
        key: cells.text()?,
        asset_type: cells.word()?,
        name: cells.text()?,
        sensor_id: cells.sensor_id()?,
        properties: cells.document()?,
        device: cells.document()?,
        relationships: cells.document()?,
        extra: cells.document()?,
    })
}

/// A whole asset.
pub(super) fn of_whole(columns: Columns) -> Vec<AssetCell> {
    let mut cells = vec![
        Cell::Id((Entity, Column::Id)),
        Cell::Id((Entity, Column::CommunityId)),
        Cell::Text((Entity, Column::CommunityKey)),
        Cell::Text((Entity, Column::CommunityName)),
        Cell::Id((Entity, Column::MemberId)),
        Cell::Text((Entity, Column::OwnerKey)),
        Cell::Text((Entity, Column::OwnerUserId)),
        Cell::Text((Entity, Column::OwnerName)),
        Cell::Text((Entity, Column::OwnerRole)),
        Cell::Text((Entity, Column::OwnerStatus)),
    ];
    cells.extend(of_content(columns));
    cells.extend(
        [Column::Version, Column::CreatedAt, Column::UpdatedAt].map(|column| Cell::Number((Entity, column))),
    );
    cells
}

/// Reads the cells of [`of_whole`].
///
/// # Errors
/// When they are not what was selected.
pub(super) fn whole(cells: &mut Cells<'_>) -> Result<Asset> {
    Ok(Asset {
        id: cells.id()?,
        community: CommunityRef { id: cells.id()?, key: cells.text()?, name: cells.text()? },
        owner: MemberRef {
            id: cells.id()?,
            key: cells.text()?,
            user_id: cells.text()?,
            name: cells.text()?,
            role: cells.word()?,
            status: cells.word()?,
        },
        content: content(cells)?,
        version: cells.number()?,
        created_at: cells.instant()?,
        updated_at: cells.instant()?,
    })
}
