-- SQL with sqlite-vec, whose `vec0` comes with `npm install sqlite-vec` and reads float32. Prints the row of a chunk that
-- is nearest to a vector:
-- npyfs data -- sqlite3 :memory: ".param set :chunk {}/vectors.npy/chunks/1_of_4.npy" ".read sqlite_nearest.sql"
.load ./vec0 sqlite3_vec_init
.load ./vec0 sqlite3_vec_numpy_init
SELECT rowid FROM vec_npy_each(vec_npy_file(:chunk))
ORDER BY vec_distance_L2(vector, '[40, 50, 60]') LIMIT 1;
