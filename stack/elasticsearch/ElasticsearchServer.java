import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * One Elasticsearch node from the published server core, with its real HTTP layer.
 * Usage: ElasticsearchServer HOME, where HOME/config/node.properties holds the settings and HOME/modules the netty transport.
 */
public final class ElasticsearchServer {
    private static final CountDownLatch STOPPED = new CountDownLatch(1);

    private ElasticsearchServer() {}

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]).toAbsolutePath();
        Environment environment = new Environment(settings(home), home.resolve("config"));
        LogConfigurator.registerErrorListener();
        LogConfigurator.configure(environment, true);
        Node node = new Node(environment, loader(environment));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node), "sluice-shutdown"));
        node.start();
        // Elasticsearch's own threads are daemons: something has to keep the process alive.
        STOPPED.await();
    }

    private static Settings settings(Path home) throws IOException {
        Properties properties = new Properties();
        try (var reader = java.nio.file.Files.newBufferedReader(home.resolve("config/node.properties"))) {
            properties.load(reader);
        }
        Settings.Builder settings = Settings.builder().put("path.home", home.toString());
        for (String name : properties.stringPropertyNames()) settings.put(name, properties.getProperty(name));
        return settings.build();
    }

    private static PluginsLoader loader(Environment environment) {
        return PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false), Set.of(), Map.of(), false);
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (IOException | RuntimeException failure) {
            System.err.println("The node did not close cleanly: " + failure);
        }
        STOPPED.countDown();
    }
}
