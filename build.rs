//! Embeds the playground that `npm run build` put into `playground/dist`, if it did.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=playground/dist");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let built = fs::read_dir(Path::new(&root).join("playground/dist")).into_iter().flatten();
    let mut paths = built.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut files = String::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "gz")) {
        let name = path.file_stem().unwrap_or_default();
        writeln!(files, "({:?}, include_bytes!({:?})),", name.to_string_lossy(), path.to_string_lossy())
            .map_err(io::Error::other)?;
    }
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("playground.rs"), format!("&[{files}]"))
}
