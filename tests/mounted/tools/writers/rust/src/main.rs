//! Writes the items of a file: LIBRARY PATH, their type, their shape, the file.
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{write_npy, WritableElement};
use npyz::{AutoSerialize, WriterBuilder};

/// What the examples of each library do.
fn save<T: WritableElement + AutoSerialize>(
    library: &str,
    path: &str,
    shape: &[usize],
    items: Vec<T>,
) -> Result<(), Box<dyn Error>> {
    if library == "ndarray_npy" {
        write_npy(path, &ArrayD::from_shape_vec(IxDyn(shape), items)?)?;
        return Ok(());
    }
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let mut out: Box<dyn Write> = Box::new(File::create(path)?);
    if library == "npyz_buffered" {
        out = Box::new(BufWriter::new(out));
    }
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut out)
        .begin_nd()?;
    writer.extend(items)?;
    writer.finish()?;
    out.flush()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let shape: Vec<usize> = args[4]
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let body = std::fs::read(&args[5])?;
    let (library, path) = (&args[1], &args[2]);
    match args[3].as_str() {
        "f8" => {
            let items = body
                .chunks(8)
                .map(|bytes| Ok(f64::from_le_bytes(bytes.try_into()?)));
            save(
                library,
                path,
                &shape,
                items.collect::<Result<_, Box<dyn Error>>>()?,
            )
        }
        "i2" => {
            let items = body
                .chunks(2)
                .map(|bytes| Ok(i16::from_le_bytes(bytes.try_into()?)));
            save(
                library,
                path,
                &shape,
                items.collect::<Result<_, Box<dyn Error>>>()?,
            )
        }
        "u1" => save(library, path, &shape, body),
        other => Err(format!("no type {other}").into()),
    }
}
