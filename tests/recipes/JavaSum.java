// Java 11 or newer, with no library: npyfs data -- java JavaSum.java {}/rows.npy/chunks/1_of_4.bin
// A .bin is the body alone: here float64, little-endian, row after row. It is mapped, not read.
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

public class JavaSum {
    public static void main(String[] arguments) throws IOException {
        try (FileChannel file = FileChannel.open(Path.of(arguments[0]))) {
            DoubleBuffer numbers = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size())
                .order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer();
            double sum = 0;
            for (int i = 0; i < numbers.limit(); i++) {
                sum += numbers.get(i);
            }
            System.out.println(numbers.limit() + " numbers, sum " + sum);
        }
    }
}
