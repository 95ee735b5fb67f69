// ClickHouse's JDBC driver (HTTP) as a foreign client: what tests/clients/test_contract.py asks of it.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

public class JdbcProgram {
    static final String RUNNING =
        "SELECT count() FROM system.processes WHERE query LIKE '%%%s%%' AND query NOT LIKE '%%processes%%'";

    /** A connection as it comes: LZ4 blocks both ways. */
    static Connection connected() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("SERVER_USER"));
        properties.setProperty("password", System.getenv("SERVER_PASSWORD"));
        String address = System.getenv("SERVER_HOST") + ":" + System.getenv("SERVER_HTTP_PORT");
        return DriverManager.getConnection(
            "jdbc:clickhouse://" + address + "/" + System.getenv("SERVER_DATABASE"), properties);
    }

    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    static String tables(Connection connection) throws SQLException {
        List<String> names = new ArrayList<>();
        String database = System.getenv("SERVER_DATABASE");
        try (ResultSet found = connection.getMetaData().getTables(null, database, "%", null)) {
            while (found.next()) {
                names.add(quoted(found.getString("TABLE_NAME")));
            }
        }
        return names.toString();
    }

    static String select(Connection connection) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT n, s, maybe, day, at FROM contract ORDER BY n LIMIT 3")) {
            while (found.next()) {
                int maybe = found.getInt("maybe");
                String optional = found.wasNull() ? "null" : Integer.toString(maybe);
                rows.add("[" + found.getLong("n") + "," + quoted(found.getString("s")) + "," + optional + ","
                    + quoted(found.getObject("day", LocalDate.class).toString()) + ","
                    + found.getTimestamp("at").getTime() + "]");
            }
        }
        return rows.toString();
    }

    static String insert(Connection connection, int count, long firstMs) throws SQLException {
        int inserted = 0;
        try (PreparedStatement statement =
                 connection.prepareStatement("INSERT INTO contract (n, s, maybe, day, at) VALUES (?, ?, ?, ?, ?)")) {
            for (int n = 0; n < count; n++) {
                Instant moment = Instant.ofEpochMilli(firstMs + n);
                statement.setLong(1, n);
                statement.setString(2, "row " + n + " Hải Phòng");
                if (n % 3 == 0) {
                    statement.setNull(3, java.sql.Types.SMALLINT);
                } else {
                    statement.setInt(3, n % 1000);
                }
                statement.setObject(4, moment.atZone(ZoneOffset.UTC).toLocalDate());
                statement.setTimestamp(5, Timestamp.from(moment));
                statement.addBatch();
            }
            for (int one : statement.executeBatch()) {
                inserted += one;
            }
        }
        return Integer.toString(inserted);
    }

    static String stream(Connection connection, long count) throws SQLException {
        long rows = 0;
        long sum = 0;
        try (Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT number FROM numbers(" + count + ")")) {
            while (found.next()) {
                rows++;
                sum += found.getLong(1);
            }
        }
        return "[" + rows + "," + sum + "]";
    }

    static long running(Connection watcher, String name) throws SQLException {
        try (Statement statement = watcher.createStatement();
             ResultSet found = statement.executeQuery(String.format(RUNNING, name))) {
            found.next();
            return found.getLong(1);
        }
    }

    static String cancel(Connection connection, String name) throws Exception {
        try (Connection watcher = connected(); Statement statement = connection.createStatement()) {
            boolean[] failed = {false};
            Thread thread = new Thread(() -> {
                try (ResultSet found = statement.executeQuery(
                        "SELECT sum(sipHash64(number)) AS " + name + " FROM numbers(1000000000000)")) {
                    found.next();
                } catch (SQLException error) {
                    failed[0] = true;
                }
            });
            thread.start();
            while (running(watcher, name) != 1) {
                Thread.sleep(50);
            }
            long begun = System.nanoTime();
            statement.cancel();
            thread.join();
            while (running(watcher, name) != 0) {
                Thread.sleep(20);
            }
            if (!failed[0]) {
                throw new IllegalStateException("the cancelled statement did not fail");
            }
            return Double.toString((System.nanoTime() - begun) / 1e9);
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = connected()) {
            String result = switch (arguments[0]) {
                case "version" -> quoted(connection.getMetaData().getDatabaseProductVersion());
                case "tables" -> tables(connection);
                case "select" -> select(connection);
                case "insert" -> insert(connection, Integer.parseInt(arguments[1]), Long.parseLong(arguments[2]));
                case "stream" -> stream(connection, Long.parseLong(arguments[1]));
                case "cancel" -> cancel(connection, arguments[1]);
                default -> throw new IllegalArgumentException(arguments[0]);
            };
            System.out.println(result);
        }
    }
}
