"""An array in xarray, and in Dask, as a Zarr store: npyfs data -- python3 xarray_store.py {}/rows.npy

Nothing is converted: each chunk of the store is a range of the source. `zarr2/1000x64` has chunks of that shape.
"""

import sys

import dask.array
import xarray

if __name__ == "__main__":
    store = f"{sys.argv[1]}/zarr2"
    rows = xarray.open_zarr(store)["data"]
    print(dict(rows.sizes), int(rows.isel(dim_0=slice(10, 20)).sum()))
    print(dask.array.from_zarr(store, component="data").sum(axis=0).compute())
