import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jetbrains.bio.npy.NpyFile;

/** Writes the items of a file: PATH, their type, their shape, the file. */
public class JetBrainsNpy {
    public static void main(String[] args) throws Exception {
        Path path = Path.of(args[0]);
        int[] shape = Arrays.stream(args[2].split(",")).mapToInt(Integer::parseInt).toArray();
        byte[] bytes = Files.readAllBytes(Path.of(args[3]));
        ByteBuffer body = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (args[1]) {
            case "f8": {
                double[] items = new double[bytes.length / 8];
                body.asDoubleBuffer().get(items);
                NpyFile.write(path, items, shape);
                break;
            }
            case "i2": {
                short[] items = new short[bytes.length / 2];
                body.asShortBuffer().get(items);
                NpyFile.write(path, items, shape);
                break;
            }
            case "i1":
                NpyFile.write(path, bytes, shape);
                break;
        }
    }
}
