# Runs gRPC's official Ruby test server, which would listen on all addresses, on loopback alone:
# ruby loopback_server.rb PATH_TO_SERVER --port PORT
require 'grpc'

GRPC::RpcServer.prepend(Module.new do
  def add_http2_port(host, credentials)
    super(host.sub('0.0.0.0', '127.0.0.1'), credentials)
  end
end)
load ARGV.shift
