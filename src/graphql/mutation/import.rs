//! Imports of bundles.

use async_graphql::{Context, Object, Result};
use bytes::Bytes;

use crate::domain::error::Error;
use crate::domain::import::ImportOptions;
use crate::graphql::scalar::{Json, Upload};
use crate::graphql::scope::Scope;
use crate::graphql::types::{ImportReport, MultiImportReport};
use crate::service::import::{Format, import};

/// Imports of bundles.
#[derive(Default)]
pub struct Import;

#[Object]
impl Import {
    /// Replaces communities by the bundles of a YAML text, all of them or none. What an import refuses is
    /// listed in `extensions.refusals`; a dry run reports it instead. Needs the grant
    /// `rec-registry.import` for every community of the body.
    async fn import_yaml(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One or more YAML documents, each one bundle.")] yaml: String,
        #[graphql(desc = "Do everything but the write, and report what would happen.", default = false)]
        dry_run: bool,
        #[graphql(
            desc = "Stated false: leave a community that exists alone (CONFLICT, community_exists). Stated true or not stated: replace it."
        )]
        force: Option<bool>,
    ) -> Result<Option<MultiImportReport>> {
        let scope = Scope::of(context)?;
        let options = ImportOptions { dry_run, force };
        let report = import(scope.ctx(), Bytes::from(yaml), Format::Yaml, options).await?;
        scope.after_write();
        Ok(Some(report.into()))
    }

    /// Replaces communities by the bundles of a YAML file, all of them or none: `importYaml` for bodies up to
    /// the limit of the REST import, 64 MiB unless configured. The request is multipart. Needs the grant
    /// `rec-registry.import` for every community of the file.
    async fn import_yaml_file(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A file of one or more YAML documents, each one bundle.")] file: Upload,
        #[graphql(desc = "Do everything but the write, and report what would happen.", default = false)]
        dry_run: bool,
        #[graphql(
            desc = "Stated false: leave a community that exists alone (CONFLICT, community_exists). Stated true or not stated: replace it."
        )]
        force: Option<bool>,
    ) -> Result<Option<MultiImportReport>> {
        let scope = Scope::of(context)?;
        let options = ImportOptions { dry_run, force };
        let report = import(scope.ctx(), file.0, Format::Yaml, options).await?;
        scope.after_write();
        Ok(Some(report.into()))
    }

    /// Replaces a community by a bundle. Given as a variable, its numbers keep their digits. What an
    /// import refuses is listed in `extensions.refusals`; a dry run reports it instead. Needs the grant
    /// `rec-registry.import` for the community.
    async fn import_bundle(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One bundle.")] bundle: Json,
        #[graphql(desc = "Do everything but the write, and report what would happen.", default = false)]
        dry_run: bool,
        #[graphql(
            desc = "Stated false: leave a community that exists alone (CONFLICT, community_exists). Stated true or not stated: replace it."
        )]
        force: Option<bool>,
    ) -> Result<Option<ImportReport>> {
        let scope = Scope::of(context)?;
        let options = ImportOptions { dry_run, force };
        let body = Bytes::from(bundle.into_string());
        let report = import(scope.ctx(), body, Format::Json, options).await?;
        scope.after_write();
        let report = report.reports.into_iter().next();
        Ok(Some(report.ok_or_else(|| Error::internal("an import of one bundle has no report"))?.into()))
    }
}
