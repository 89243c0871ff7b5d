module writers

go 1.19

require (
	github.com/kshedden/gonpy v0.0.0-20210519231815-fa3c8dd8e59b
	github.com/sbinet/npyio v0.6.0
)

require gonum.org/v1/gonum v0.9.3 // indirect
