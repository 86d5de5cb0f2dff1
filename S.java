public class S { public static void main(String[] a) throws Exception { Thread.sleep(20000);} }
