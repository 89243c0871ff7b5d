"""Opens stores with one reader of Python's, and compares all values with numpy's: read_zarr.py READER < JSON.

On stdin a list of [store, .npy file]. Prints what is wrong, a line for each store; nothing where all is right."""

import json
import sys
import warnings

import numpy as np


def by_zarr(store):
    import zarr
    return zarr.open_group(store, mode="r")["data"][...]


def by_zarr_consolidated(store):
    import zarr
    return zarr.open_consolidated(store, mode="r")["data"][...]


def by_xarray(store):
    import xarray
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no metadata is missing
        data = xarray.open_zarr(store)["data"]
    assert data.dims == tuple(f"dim_{axis}" for axis in range(data.ndim)), data.dims
    return data.values


def by_dask(store):
    import dask.array
    return dask.array.from_zarr(store, component="data").compute(scheduler="synchronous")


def by_tensorstore(store):
    import tensorstore
    driver = "zarr3" if "/zarr3" in store else "zarr"
    return tensorstore.open({"driver": driver, "kvstore": f"file://{store}/data/"}, open=True, read=True).result().read().result()


def by_gdal(store):
    from osgeo import gdal
    gdal.UseExceptions()
    data = gdal.OpenEx(f'ZARR:"{store}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("data")
    assert [dimension.GetName() for dimension in data.GetDimensions()] == [f"dim_{i}" for i in range(data.GetDimensionCount())]
    return data.ReadAsArray()


def by_simpleitk(header):
    import SimpleITK
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(header)).T


def by_pynrrd(header):
    import nrrd
    return nrrd.read(header, index_order="F")[0]


def difference(found, expected):
    """What is wrong with the array that was found; byte order aside, since readers give their own."""
    if found.shape != expected.shape:
        return f"shape {found.shape}, not {expected.shape}"
    if found.dtype.newbyteorder("=") != expected.dtype.newbyteorder("="):
        return f"dtype {found.dtype}, not {expected.dtype}"
    same = np.ascontiguousarray(found.astype(expected.dtype)).tobytes() == np.ascontiguousarray(expected).tobytes()
    return "" if same else "other values"


def main():
    read = globals()[f"by_{sys.argv[1]}"]
    warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification.*")
    warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part.*")
    for store, original in json.load(sys.stdin):
        try:
            expected = np.load(original)
            if store.endswith(".nhdr") and not np.isfortran(expected):
                expected = expected.T  # headers of NRRD name the fastest axis first
            wrong = difference(read(store), expected)
        except Exception as error:  # pylint: disable=broad-exception-caught
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            print(f"{store}: {wrong}".replace("\n", " "))


main()
